// skboutput: packets into a capture file (pcap, as tcpdump and Wireshark read it).
//
//   file:   u32 magic, u16 major, u16 minor, u32 0, u32 0, u32 longest packet, u32 link type
//   packet: u32 seconds, u32 microseconds, u32 bytes here, u32 bytes of the packet, bytes

import { helpers } from "../../bpf/helpers.ts";
import { present } from "../../base/invariant.ts";
import type { ActionDef } from "../../define/action.ts";
import { type BuiltinDef, builtin } from "../../define/builtin.ts";
import { scalarOperand } from "../../define/code.ts";
import { uint32, uint64 } from "../../types/type.ts";
import { checkPointer, structPlace } from "./kernel-objects.ts";

const magic = 0xa1b2c3d4;
const longestPacket = 65_535;
/** LINKTYPE_RAW: packets begin with the header of IP. */
const rawLink = 101;

function fileHeader(): Uint8Array {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(longestPacket, 16);
  bytes.writeUInt32LE(rawLink, 20);
  return bytes;
}

/** `time` in nanoseconds since the epoch. */
function packetRecord(time: bigint, packet: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(16 + packet.length);
  bytes.writeUInt32LE(Number(time / 1_000_000_000n), 0);
  bytes.writeUInt32LE(Number((time % 1_000_000_000n) / 1000n), 4);
  bytes.writeUInt32LE(packet.length, 8);
  bytes.writeUInt32LE(packet.length, 12);
  bytes.set(packet, 16);
  return bytes;
}

const skboutput = builtin({
  names: ["skboutput"],
  form: "function",
  doc: "Adds the first `length` bytes of a packet, without the first `offset` of them, to a capture file; 0, or a negative errno when the packet is shorter.",
  signature: "uint32 skboutput(const string file, struct sk_buff * skb, int length, int offset)",
  example: 'rawtracepoint:netif_receive_skb { skboutput("packets.pcap", args.skb, args.skb.len, 0); }',
  parameters: [
    { name: "file", kind: "string-literal" },
    { name: "skb", kind: "any" },
    { name: "length", kind: "int" },
    { name: "offset", kind: "int" },
  ],
  needs: "typed",
  pure: false,
  type: () => uint32,
  check: (site) => checkPointer(site, site.arguments[1], ["sk_buff"], "struct sk_buff"),
  lower: (code, call) => {
    const [file, skb, length, offset] = call.arguments;
    const literal = code.literalOf(present(file, "file"));
    const { base } = structPlace(code, present(skb, "packet"));
    const bytes = code.integer(present(length, "length"));
    const time = code.ir.call(helpers.ktimeGetBootNs.id, []);
    const fields = [
      { operand: scalarOperand(uint64, time), as: uint64 },
      { operand: scalarOperand(uint32, bytes), as: uint32 },
      { operand: scalarOperand(uint32, code.integer(present(offset, "offset"))), as: uint32 },
    ];
    const result = code.packet("skboutput", { file: literal?.kind === "string" ? literal.value : "" }, fields, base, bytes);
    return scalarOperand(uint32, code.ir.extend(result, 32, false));
  },
});

const skboutputAction: ActionDef = {
  name: "skboutput",
  prepare: (spec, host) => {
    const write = host.createFile(String(spec.parameters["file"]), fileHeader());
    return (view, at) => {
      const [time = 0n, length = 0n, offset = 0n] = spec.fields.map((field) => {
        const value = host.decode(view, at, field);
        return value.kind === "int" ? value.value : 0n;
      });
      const start = at + spec.size;
      write(packetRecord(time + host.bootToRealtime, view.bytes.subarray(start + Number(offset), start + Number(length))));
    };
  },
};

export const packetFunctions: readonly BuiltinDef[] = [skboutput];
export const packetActions: readonly ActionDef[] = [skboutputAction];
