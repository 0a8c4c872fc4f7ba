// Where headers are looked for: -I, CPATH, the kernel's headers, the system's. Pure.

import type { CArchitecture } from "./predefined-macros.ts";

export interface HeaderPathOptions {
  /** Folders of -I, in order. */
  readonly folders: readonly string[];
  /** CPATH and C_INCLUDE_PATH. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly architecture: CArchitecture;
  /** Source and build folder of the running kernel, for instance /lib/modules/R/source; empty: none. */
  readonly kernelFolders: readonly string[];
}

const multiarch: Readonly<Record<CArchitecture, string>> = {
  x64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
};

const kernelArchitecture: Readonly<Record<CArchitecture, string>> = { x64: "x86", arm64: "arm64" };

/** Folders in search order. Headers of the compiler (stddef.h …) are built in and need no folder. */
export function headerPaths(options: HeaderPathOptions): readonly string[] {
  const { folders, environment, architecture } = options;
  const listed = (name: string): readonly string[] => {
    const value = environment[name];
    // As in gcc, an empty entry is the current folder.
    return value === undefined || value === "" ? [] : value.split(":").map((folder) => (folder === "" ? "." : folder));
  };
  const arch = `arch/${kernelArchitecture[architecture]}/include`;
  const below = [
    arch,
    `${arch}/generated`,
    "include",
    `${arch}/uapi`,
    `${arch}/generated/uapi`,
    "include/uapi",
    "include/generated/uapi",
  ];
  const kernel = below.flatMap((folder) => options.kernelFolders.map((root) => `${root}/${folder}`));
  const system = ["/usr/local/include", `/usr/include/${multiarch[architecture]}`, "/usr/include"];
  return [...new Set([...folders, ...listed("CPATH"), ...kernel, ...listed("C_INCLUDE_PATH"), ...system])];
}
