// The program that a child process runs before it becomes the command of -c: a whole ELF file of a few instructions.
// It dies with its parent, waits for a byte on descriptor 3 and executes the file argv[1] with the arguments argv[2]...
// When that fails it writes the errno as a byte to descriptor 3.

/**
 * Position-independent code:
 *
 *   prctl(PR_SET_PDEATHSIG, SIGTERM); prctl(PR_SET_NAME, argv[0]);
 *   if (read(3, &byte, 1) == 1) { fcntl(3, F_SETFD, FD_CLOEXEC); byte = -execve(argv[1], argv + 2, envp); write(3, &byte, 1); }
 *   exit_group(127);
 */
const code = {
  x64: [
    "b89d000000 6a01 5f 6a0f 5e 0f05", // mov eax,157; rdi = 1; rsi = 15; syscall
    "b89d000000 6a0f 5f 488b742408 0f05", // mov eax,157; rdi = 15; rsi = argv[0]; syscall
    "31c0 6a03 5f 488d7424f0 6a01 5a 0f05", // xor eax,eax; rdi = 3; rsi = &byte; rdx = 1; syscall
    "ffc8 7535", // dec eax; jne exit
    "b048 6a02 5e 0f05", // mov al,72; rsi = 2; syscall
    "488b7c2410 488d742418 488b1424 488d54d410 6a3b 58 0f05", // rdi = argv[1]; rsi = argv + 2; rdx = envp; rax = 59; syscall
    "f7d8 884424f0", // neg eax; byte = al
    "6a01 58 6a03 5f 488d7424f0 6a01 5a 0f05", // rax = 1; rdi = 3; rsi = &byte; rdx = 1; syscall
    "b8e7000000 6a7f 5f 0f05", // exit: mov eax,231; rdi = 127; syscall
  ],
  arm64: [
    "200080d2 e10180d2 e81480d2 010000d4", // x0 = 1; x1 = 15; x8 = 167; svc
    "e00180d2 e10740f9 e81480d2 010000d4", // x0 = 15; x1 = argv[0]; x8 = 167; svc
    "600080d2 e14300d1 220080d2 e80780d2 010000d4", // x0 = 3; x1 = &byte; x2 = 1; x8 = 63; svc
    "1f0400f1 81020054", // cmp x0,1; b.ne exit
    "600080d2 410080d2 220080d2 280380d2 010000d4", // x0 = 3; x1 = 2; x2 = 1; x8 = 25; svc
    "e30340f9 e00b40f9 e1630091 e2430091 420c038b a81b80d2 010000d4", // x0 = argv[1]; x1 = argv + 2; x2 = envp; x8 = 221; svc
    "e003004b e00f1f38", // neg w0,w0; push the byte
    "600080d2 e1030091 220080d2 080880d2 010000d4", // x0 = 3; x1 = &byte; x2 = 1; x8 = 64; svc
    "e00f80d2 c80b80d2 010000d4", // exit: x0 = 127; x8 = 94; svc
  ],
} as const;

/** e_machine of elf(5). */
const machines = { x64: 62, arm64: 183 } as const;

const fileHeader = 64;
const programHeader = 56;
const baseAddress = 0x40_0000n;

/**
 * The ELF file for a processor.
 *
 *   ELF header | one program header: the whole file, readable and executable | code
 */
export function gateProgram(architecture: keyof typeof code): Uint8Array {
  const instructions = Buffer.from(code[architecture].join("").replaceAll(" ", ""), "hex");
  const start = fileHeader + programHeader;
  const file = Buffer.alloc(start + instructions.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little endian, version 1
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(machines[architecture], 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(baseAddress + BigInt(start), 24); // entry
  file.writeBigUInt64LE(BigInt(fileHeader), 32);
  file.writeUInt16LE(fileHeader, 52);
  file.writeUInt16LE(programHeader, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // loaded
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(baseAddress, 80);
  file.writeBigUInt64LE(baseAddress, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(instructions, start);
  return file;
}
