// Split units: the file itself has skeletons, a `.dwo` file or a package of them (`.dwp`) the details (DWARF 5, 3.1.2;
// gcc and clang wrote them in version 4 as well).

import type { ElfFile } from "../elf/elf.ts";
import { MalformedFile } from "../malformed-file.ts";
import { attributes } from "./constants.ts";
import { DwarfError } from "./cursor.ts";
import { dwarfSections, type SectionName, type Sections } from "./sections.ts";
import { SplitPackage } from "./split-package.ts";
import { DebugInfo, type Entry, numberOf, textOf } from "./units.ts";

/** Files with the details of one file's split units. */
export interface SplitFiles {
  /** The package of all units; asked once. */
  package(): ElfFile | undefined;
  /** The file of one unit by its name and the folder that the compiler ran in. */
  unit(folder: string, name: string): ElfFile | undefined;
  /** Nothing that belongs to the unit of this name was found; `reason`: what is wrong with the file that has it. */
  missing(folder: string, name: string, reason: string | undefined): void;
}

/** For files that have no others beside them. */
export const noSplitFiles: SplitFiles = { package: () => undefined, unit: () => undefined, missing: () => undefined };

/** A unit with everything in it; its references lead into `info`. */
export interface UnitDetails {
  readonly info: DebugInfo;
  readonly root: Entry;
}

/** Sections that a split unit has for itself; it shares the others with its skeleton. */
const ownSections: ReadonlySet<SectionName> = new Set(["info", "abbrev", "str", "str_offsets", "rnglists"]);

export class SplitUnits {
  private readonly section: Sections;
  private readonly files: SplitFiles;
  /** Null: looked for and not there. */
  private whole: SplitPackage | null | undefined;
  private readonly known = new Map<number, UnitDetails | undefined>();

  /** `section`: sections of the file with the skeletons. */
  constructor(section: Sections, files: SplitFiles) {
    this.section = section;
    this.files = files;
  }

  /** What belongs to the skeleton; undefined when it is none, or when its details are not there, which `missing` is told. */
  detailsOf(skeleton: Entry): UnitDetails | undefined {
    const name = textOf(skeleton, attributes.splitName) ?? textOf(skeleton, attributes.gnuSplitName);
    if (name === undefined) return undefined;
    const { offset } = skeleton.unit;
    if (!this.known.has(offset)) this.known.set(offset, this.find(skeleton, name));
    return this.known.get(offset);
  }

  private find(skeleton: Entry, name: string): UnitDetails | undefined {
    const folder = textOf(skeleton, attributes.compilationDirectory) ?? "";
    let reason: string | undefined;
    try {
      const found = this.inPackage(skeleton) ?? this.inFile(skeleton, folder, name);
      if (found !== undefined) return found;
    } catch (problem) {
      if (!(problem instanceof DwarfError || problem instanceof MalformedFile)) throw problem;
      reason = problem.message;
    }
    this.files.missing(folder, name, reason);
    return undefined;
  }

  private inPackage(skeleton: Entry): UnitDetails | undefined {
    if (this.whole === undefined) {
      const file = this.files.package();
      this.whole = file === undefined ? null : new SplitPackage(file);
    }
    const { splitId } = skeleton.unit;
    const own = splitId === undefined ? undefined : this.whole?.sectionsOf(splitId);
    return own === undefined ? undefined : this.read(skeleton, own);
  }

  private inFile(skeleton: Entry, folder: string, name: string): UnitDetails | undefined {
    const file = this.files.unit(folder, name);
    return file === undefined ? undefined : this.read(skeleton, dwarfSections(file, ".dwo"));
  }

  /** The unit with the skeleton's id. */
  private read(entry: Entry, own: Sections): UnitDetails | undefined {
    const { unit: skeleton } = entry;
    const section: Sections = (name) => (ownSections.has(name) ? own(name) : this.section(name));
    const info = new DebugInfo(section, { addressBase: skeleton.addressBase, rangesBase: numberOf(entry, attributes.gnuRangesBase) ?? 0 });
    for (const unit of info.units()) {
      const root = unit.splitId === skeleton.splitId ? info.root(unit) : undefined;
      if (root !== undefined) return { info, root };
    }
    return undefined;
  }
}
