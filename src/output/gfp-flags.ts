// Memory allocation flags of the kernel by name, as %gr prints them (include/linux/gfp_types.h, Linux 6.x).

/** Names of single bits from bit 0; a gap has none. */
const bits = [
  "DMA", "HIGHMEM", "DMA32", "MOVABLE", "RECLAIMABLE", "HIGH", "IO", "FS", "ZERO", undefined, "DIRECT_RECLAIM",
  "KSWAPD_RECLAIM", "WRITE", "NOWARN", "RETRY_MAYFAIL", "NOFAIL", "NORETRY", "MEMALLOC", "COMP", "NOMEMALLOC", "HARDWALL",
  "THISNODE", "ACCOUNT", "ZEROTAGS", "SKIP_ZERO", "SKIP_KASAN", "NO_OBJ_EXT",
] as const;

type BitName = Exclude<(typeof bits)[number], undefined>;

function mask(...names: readonly BitName[]): bigint {
  return names.reduce((sum, name) => sum | (1n << BigInt(bits.indexOf(name))), 0n);
}

const reclaim = mask("DIRECT_RECLAIM", "KSWAPD_RECLAIM");
const kernel = reclaim | mask("IO", "FS");
const user = kernel | mask("HARDWALL");
const highUser = user | mask("HIGHMEM");
const movable = highUser | mask("MOVABLE", "SKIP_KASAN");
const hugeLight = (movable | mask("COMP", "NOMEMALLOC", "NOWARN")) & ~reclaim;

/** In the kernel's order: the first that is wholly there is taken. Compounds first, then single bits. */
const names: readonly (readonly [name: string, mask: bigint])[] = [
  ["GFP_TRANSHUGE", hugeLight | mask("DIRECT_RECLAIM")],
  ["GFP_TRANSHUGE_LIGHT", hugeLight],
  ["GFP_HIGHUSER_MOVABLE", movable],
  ["GFP_HIGHUSER", highUser],
  ["GFP_USER", user],
  ["GFP_KERNEL_ACCOUNT", kernel | mask("ACCOUNT")],
  ["GFP_KERNEL", kernel],
  ["GFP_NOFS", reclaim | mask("IO")],
  ["GFP_ATOMIC", mask("HIGH", "KSWAPD_RECLAIM")],
  ["GFP_NOIO", reclaim],
  ["GFP_NOWAIT", mask("KSWAPD_RECLAIM", "NOWARN")],
  ["GFP_DMA", mask("DMA")],
  ["__GFP_HIGHMEM", mask("HIGHMEM")],
  ["GFP_DMA32", mask("DMA32")],
  ...bits.flatMap((name) => (name === undefined ? [] : [[`__GFP_${name}`, mask(name)] as const])),
];

/** The names of the flags, joined by `|`; bits without a name in hexadecimal. */
export function gfpFlags(flags: bigint): string {
  if (flags === 0n) return "0";
  const parts: string[] = [];
  let rest = flags;
  for (const [name, bitsOfName] of names) {
    if ((rest & bitsOfName) !== bitsOfName) continue;
    parts.push(name);
    rest &= ~bitsOfName;
  }
  if (rest !== 0n) parts.push(`0x${rest.toString(16)}`);
  return parts.join("|");
}
