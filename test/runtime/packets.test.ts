// Capture files of skboutput: header, packets with their times, several calls with one file.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { buildFixtures } from "../conformance/fixtures.ts";
import { startTracer } from "./tracer.ts";

const fixtures = buildFixtures(new Set(["calls"]));
const folder = mkdtempSync(join(tmpdir(), "bpftrace-packets-"));
after(() => {
  fixtures.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Packet {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly bytes: Buffer;
}

function readCapture(file: string): readonly Packet[] {
  const content = readFileSync(file);
  assert.deepEqual([content.readUInt32LE(0), content.readUInt16LE(4), content.readUInt16LE(6)], [0xa1b2c3d4, 2, 4]);
  assert.deepEqual([content.readUInt32LE(16), content.readUInt32LE(20)], [65_535, 101]);
  const packets: Packet[] = [];
  for (let at = 24; at < content.length; ) {
    const length = content.readUInt32LE(at + 8);
    assert.equal(content.readUInt32LE(at + 12), length);
    packets.push({ time: content.readUInt32LE(at) + content.readUInt32LE(at + 4) / 1e6, bytes: content.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  return packets;
}

test("packets reach the capture file", async (context: TestContext) => {
  const problem = fixtures.problem("calls");
  if (problem !== undefined) return context.skip(problem);
  const file = join(folder, "all.pcap");
  const begin = Date.now() / 1000;
  const program = `rawtracepoint:netif_receive_skb /pid == cpid/ {
    @whole[skboutput("${file}", args.skb, args.skb.len, 0)] = count();
    @cut[skboutput("${file}", args.skb, 20, 12)] = count();
    @long[(int32)skboutput("${file}", args.skb, 60000, 0)] = count();
  }`;
  const { status, stdout, stderr } = await startTracer(["--no-warnings", "-f", "json", "-q", "-c", `${fixtures.path}/calls 3`, "-e", program]).ended;
  assert.equal(status, 0, stderr);
  const packets = readCapture(file);
  assert.ok(packets.length > 0);
  assert.equal(stdout.split("\n")[2], `{"type": "map", "data": {"@whole": {"0": ${packets.length / 2}}}}`);
  assert.ok(stdout.includes(`{"@long": {"-14": ${packets.length / 2}}}`), stdout);
  for (const [i, { time, bytes }] of packets.entries()) {
    assert.ok(time > begin - 60 && time < Date.now() / 1000 + 60, "the time is that of the event");
    const destination = i % 2 === 0 ? bytes.subarray(16, 20) : bytes.subarray(4, 8);
    assert.deepEqual([...destination], [127, 0, 0, 1]);
    if (i % 2 === 1) assert.equal(bytes.length, 8);
    else assert.equal(bytes.readUInt16BE(2), bytes.length, "the whole packet of IP");
  }
});

test("a capture file that can't be made is an error at the start", async () => {
  const program = 'rawtracepoint:netif_receive_skb { skboutput("/no/such/folder/x.pcap", args.skb, 1, 0); }';
  const { status, stderr } = await startTracer(["-e", program]).ended;
  assert.notEqual(status, 0);
  assert.match(stderr, /create \/no\/such\/folder\/x\.pcap: No such file or directory/);
});
