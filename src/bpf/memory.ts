// Memory for the interpreters: byte regions at made-up 64-bit addresses, with every access checked against its region.

/** An access outside of every region, or one that a real machine or the kernel's verifier would refuse. */
export class InterpreterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InterpreterError";
  }
}

interface Region {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Regions begin 4 GiB apart, so an address tells its region and stray arithmetic lands in none. */
const regionShift = 32n;

export class Memory {
  private readonly regions: Region[] = [];

  /** Makes the bytes addressable (not a copy); returns their address. */
  map(bytes: Uint8Array): bigint {
    const base = BigInt(this.regions.length + 1) << regionShift;
    this.regions.push({ base, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) });
    return base;
  }

  allocate(size: number): bigint {
    return this.map(new Uint8Array(size));
  }

  /** An unsigned little-endian number. */
  read(address: bigint, size: number): bigint {
    const { region, offset } = this.find(address, size);
    switch (size) {
      case 1:
        return BigInt(region.view.getUint8(offset));
      case 2:
        return BigInt(region.view.getUint16(offset, true));
      case 4:
        return BigInt(region.view.getUint32(offset, true));
      default:
        return region.view.getBigUint64(offset, true);
    }
  }

  /** The same, but 0 where there is no memory. */
  readOrZero(address: bigint, size: number): bigint {
    return this.lookUp(address, size) === undefined ? 0n : this.read(address, size);
  }

  /** Writes the low bytes of a number, little-endian. */
  write(address: bigint, size: number, value: bigint): void {
    const { region, offset } = this.find(address, size);
    switch (size) {
      case 1:
        region.view.setUint8(offset, Number(value & 0xffn));
        return;
      case 2:
        region.view.setUint16(offset, Number(value & 0xffffn), true);
        return;
      case 4:
        region.view.setUint32(offset, Number(value & 0xffffffffn), true);
        return;
      default:
        region.view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    }
  }

  /** The bytes themselves, not a copy. */
  bytes(address: bigint, size: number): Uint8Array {
    const { region, offset } = this.find(address, size);
    return region.bytes.subarray(offset, offset + size);
  }

  private find(address: bigint, size: number): { region: Region; offset: number } {
    const found = this.lookUp(address, size);
    if (found === undefined) throw new InterpreterError(`no memory for ${size} bytes at 0x${address.toString(16)}`);
    return found;
  }

  private lookUp(address: bigint, size: number): { region: Region; offset: number } | undefined {
    const region = this.regions[Number(address >> regionShift) - 1];
    const offset = Number(address & 0xffffffffn);
    return region === undefined || offset + size > region.bytes.length ? undefined : { region, offset };
  }
}

/** What a helper does; arguments and result are unsigned 64-bit numbers. */
export type HelperImplementation = (memory: Memory, args: readonly bigint[]) => bigint;
