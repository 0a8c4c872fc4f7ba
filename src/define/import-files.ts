// Files that imports name, as the compiler sees them: it asks, the host reads.

export interface ImportFiles {
  /** What is at a path; relative paths start at the working folder. */
  find(path: string): ImportPath;
}

export type ImportPath =
  | { readonly kind: "missing" }
  /** Neither a file nor a folder, or out of reach. */
  | { readonly kind: "unusable"; readonly reason: string }
  | {
      readonly kind: "file";
      /** The same for all paths to one file. */
      readonly identity: string;
      /** Anybody may change it. */
      readonly writableByAll: boolean;
      /** The content as a byte string; a reason when it can't be read. */
      read(): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };
    }
  | {
      readonly kind: "folder";
      readonly identity: string;
      readonly writableByAll: boolean;
      /** Names of what is in it, sorted. */
      readonly names: readonly string[];
    };
