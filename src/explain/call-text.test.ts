import { expect, test } from 'vitest';
import { callText, resultText } from './call-text.ts';

test.each([
  ['open', ['f', 0x602], 'open("f", O_RDWR|O_CREATE|O_TRUNC)'],
  ['open', ['f', 0], 'open("f", O_RDONLY)'],
  ['open', ['f', 0x11], 'open("f", O_WRONLY|0x10)'],
  ['open', ['f', 3], 'open("f", 3)'],
  ['shm_map', [0, '0x180', 2], 'shm_map(0, 0x180, O_RDWR)'],
  ['posix_shm_open', ['a', 0xa02, 0o600], 'posix_shm_open("a", O_RDWR|O_CREATE|O_EXCL, 0600)'],
  [
    'mmap',
    ['0x0', 8, 3, 0x22, -1, 0],
    'mmap(0x0, 8, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)',
  ],
  ['mmap', ['0x0', 8, 0, 0, 3, 0], 'mmap(0x0, 8, PROT_NONE, 0, 3, 0)'],
  ['shmget', [0, 32, 0o1600], 'shmget(IPC_PRIVATE, 32, IPC_CREAT|0600)'],
  ['shmget', [7, 32, -1], 'shmget(7, 32, -1)'],
  ['shmat', [0, '0x0', 0o10000], 'shmat(0, 0x0, SHM_RDONLY)'],
  ['shmctl', [0, 0, '0x0'], 'shmctl(0, IPC_RMID, 0x0)'],
  ['sbrk', [4096, 2], 'sbrk(4096, SBRK_LAZY)'],
  ['write', [1, '0x300', 5], 'write(1, 0x300, 5)'],
  ['unheard_of', [1, 'x'], 'unheard_of(1, "x")'],
])('%s of %j is shown with its flags by name', (call, args, text) => {
  expect(callText(call, args)).toBe(text);
});

test('an address that is the result is shown once, what was stored beside it', () => {
  expect(resultText(0x3ffff000, '0x3ffff000')).toBe('0x3ffff000');
  expect(resultText(0, '0x40000000')).toBe('0 (0x40000000)');
  expect(resultText(-1, undefined)).toBe('-1');
});
