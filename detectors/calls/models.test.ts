import { describe, expect, test } from 'vitest';
import {
  IPC_CREAT,
  IPC_EXCL,
  O_CREATE,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  SHM_DEST,
  T_FILE,
} from '../../kernel/abi.ts';
import { FileBytes } from './file-bytes.ts';
import { type FileCall, FileModel } from './file-model.ts';
import { judge, type Model, type Timed } from './orders.ts';
import { type PosixCall, PosixModel } from './posix-model.ts';
import { type SegmentCall, SegmentModel } from './segment-model.ts';

/** Calls one after the other. */
function sequence<Call>(calls: readonly Call[]): Timed<Call>[] {
  return calls.map((call, i) => ({ call, start: 2 * i, end: 2 * i + 1, hint: 2 * i }));
}

/** The calls that a model explains one after the other, up to the first that it does not. */
function explained<Call>(calls: readonly Call[], fresh: () => Model<Call>): number {
  const verdict = judge(sequence(calls), fresh);
  return verdict.kind === 'unexplained' ? calls.indexOf(verdict.culprit.call) : calls.length;
}

const who = { pid: 2, uid: 0, result: 0, mayFail: false };
const other = { ...who, pid: 3, uid: 5 };

describe('segments', () => {
  const model = (): SegmentModel => new SegmentModel(2);
  const get = (result: number, flags = IPC_CREAT | 0o600, key = 7): SegmentCall => ({
    ...who,
    what: 'get',
    key,
    size: 4096,
    flags,
    result,
  });
  const attach = (id: number, result = 0): SegmentCall => ({
    ...who,
    what: 'attach',
    id,
    writes: true,
    result,
  });
  const detach = (id: number): SegmentCall => ({ ...who, what: 'detach', id });
  const remove = (id: number, result = 0): SegmentCall => ({ ...who, what: 'remove', id, result });

  test.each<[string, SegmentCall[]]>([
    ['a key finds its segment', [get(0), get(0), get(-1, IPC_CREAT | IPC_EXCL)]],
    ['a removed one lasts while it is attached', [get(0), attach(0), remove(0), detach(0)]],
    ['its key is free at once', [get(0), attach(0), remove(0), get(2)]],
    ['it cannot be attached to', [get(0), attach(0), remove(0), attach(0, -1)]],
    ['there are two at most', [get(0, IPC_CREAT, 1), get(1, IPC_CREAT, 2), get(-1, IPC_CREAT, 3)]],
    ['the right to it is the owner’s', [get(0), { ...attach(0, -1), ...other, result: -1 }]],
    [
      'IPC_STAT tells its attachments, and that it is marked',
      [
        get(0),
        attach(0),
        remove(0),
        { ...who, what: 'inherit', id: 0 },
        { ...who, what: 'stat', id: 0, nattch: 2, mode: 0o600 | SHM_DEST },
      ],
    ],
  ])('%s', (_, calls) => {
    expect(explained(calls, model)).toBe(calls.length);
  });

  test.each<[string, SegmentCall[]]>([
    ['an identifier of one that is gone', [get(0), remove(0), get(0)]],
    ['two segments for a key', [get(0), get(1)]],
    ['an attachment to one that is gone', [get(0), remove(0), attach(0)]],
    ['an attachment to one that is marked', [get(0), attach(0), remove(0), attach(0)]],
    ['a failure without a reason', [get(0), attach(0, -1)]],
    ['a wrong count', [get(0), attach(0), { ...who, what: 'stat', id: 0, nattch: 2 }]],
    ['a removal by somebody else', [get(0), { ...remove(0), ...other }]],
    ['a change by somebody else', [get(0), { ...other, what: 'set', id: 0, owner: 5, mode: 0 }]],
  ])('%s is not explained', (_, calls) => {
    expect(explained(calls, model)).toBe(calls.length - 1);
  });

  test('calls at the same time may have come in either order', () => {
    const at = (call: SegmentCall): Timed<SegmentCall> => ({ call, start: 9, end: 10, hint: 9 });
    for (const answer of [0, -1]) {
      const history = [...sequence([get(0)]), at(remove(0)), at(attach(0, answer))];
      expect(judge(history, model).kind).toBe('explained');
    }
  });
});

describe('POSIX objects', () => {
  const model = (): PosixModel => new PosixModel(2);
  const open = (serial: number, oflag = O_CREATE | O_RDWR, name = 'a'): PosixCall => ({
    ...who,
    what: 'open',
    name,
    oflag,
    mode: 0o600,
    serial,
    result: serial < 0 ? -1 : 0,
  });
  const close = (serial: number): PosixCall => ({ ...who, what: 'close', serial });
  const map = (serial: number, count: number): PosixCall => ({
    ...who,
    what: 'map',
    serial,
    count,
  });
  const unlink = (result = 0): PosixCall => ({ ...who, what: 'unlink', name: 'a', result });
  const truncate = (serial: number, size: number): PosixCall => ({
    ...who,
    what: 'truncate',
    serial,
    size,
    writable: true,
  });
  const stat = (serial: number, size: number): PosixCall => ({
    ...who,
    what: 'stat',
    serial,
    size,
  });

  test.each<[string, PosixCall[]]>([
    ['a name finds its object', [open(0), open(0), open(-1, O_CREATE | O_EXCL | O_RDWR)]],
    ['nothing is found without O_CREATE', [open(-1, O_RDWR), open(0)]],
    ['a size is the last that it was given', [open(0), truncate(0, 9), truncate(0, 5), stat(0, 5)]],
    ['an unlinked one lasts while it is open', [open(0), unlink(), unlink(-1), stat(0, 0)]],
    ['or mapped', [open(0), map(0, 1), unlink(), close(0), map(0, 0)]],
    ['a name can find another then', [open(0), unlink(), open(1)]],
    ['there are two at most', [open(0), unlink(), open(1), open(-1, O_CREATE | O_RDWR, 'b')]],
    [
      'they are free again',
      [open(0), unlink(), open(1), close(0), open(2, O_CREATE | O_RDWR, 'b')],
    ],
    [
      'a child has what its parent had',
      [open(0), { ...who, what: 'fork', result: 3 }, unlink(), close(0), { ...stat(0, 0), pid: 3 }],
    ],
  ])('%s', (_, calls) => {
    expect(explained(calls, model)).toBe(calls.length);
  });

  test.each<[string, PosixCall[]]>([
    ['two objects of a name', [open(0), open(1)]],
    ['one that is unlinked', [open(0), unlink(), open(0)]],
    ['a wrong size', [open(0), truncate(0, 9), stat(0, 5)]],
    ['a failure without a reason', [open(0), open(-1)]],
    ['a second unlink', [open(0), unlink(), unlink()]],
    ['the name of another user', [open(0), { ...open(0), ...other }]],
  ])('%s is not explained', (_, calls) => {
    expect(explained(calls, model)).toBe(calls.length - 1);
  });
});

describe('files', () => {
  const model = (): FileModel => new FileModel(4);
  const text = (characters: string): FileBytes => new FileBytes(Buffer.from(characters));
  const base = { pid: 2, result: 0, mayFail: false };
  const open = (result: number, more: Partial<FileCall & { what: 'open' }> = {}): FileCall => ({
    ...{ ...base, what: 'open', path: 'f', mode: O_CREATE | O_RDWR, lowest: 3, inum: 4 },
    ...more,
    result,
  });
  const of4 = { lowest: 4 };
  const unlink = (result = 0): FileCall => ({ ...base, what: 'unlink', path: './f', result });
  const write = (fd: number, bytes: string, result = bytes.length): FileCall => ({
    ...{ ...base, what: 'write', fd, result },
    bytes: text(bytes),
  });
  const read = (fd: number, bytes: string, result = bytes.length): FileCall => ({
    ...{ ...base, what: 'read', fd, count: 4, result },
    bytes: text(bytes),
  });
  const close = (fd: number, result = 0): FileCall => ({
    ...{ ...base, what: 'close', fd, foreign: false, result },
  });
  const dup = (fd: number, result: number): FileCall => ({
    ...{ ...base, what: 'dup', fd, lowest: result, result },
  });
  const fork: FileCall = { ...base, what: 'fork', result: 3 };
  const child = (call: FileCall): FileCall => ({ ...call, pid: 3 });
  const stat = (fd: number, size: number, nlink = 1): FileCall => ({
    ...{ ...base, what: 'stat', fd },
    stat: { inum: 4, type: T_FILE, nlink, size },
  });
  const back = (bytes: FileBytes): FileCall => ({ ...base, what: 'back', inum: 4, page: 0, bytes });
  const pipe: FileCall = { ...base, what: 'pipe', reads: 3, writes: 4 };
  const put = (bytes: string): FileCall => ({ ...base, what: 'put', fd: 4, bytes: text(bytes) });

  test.each<[string, FileCall[]]>([
    ['what is written is read', [open(3), write(3, 'abcd'), open(4, of4), read(4, 'abcd')]],
    ['dup shares the offset', [open(3), write(3, 'ab'), dup(3, 4), write(4, 'cd'), stat(3, 4)]],
    ['so does fork', [open(3), fork, child(write(3, 'ab')), write(3, 'cd'), stat(3, 4)]],
    ['an unlinked file lasts while it is open', [open(3), unlink(), unlink(-1), stat(3, 0, 0)]],
    ['another has the name then', [open(3), unlink(), open(4, { ...of4, inum: 5 })]],
    ['its inode is free when it is closed', [open(3), unlink(), close(3), open(3)]],
    ['O_TRUNC empties it', [open(3), write(3, 'ab'), { ...base, what: 'cut', fd: 3 }, stat(3, 0)]],
    ['nothing is found without O_CREATE', [open(-1, { mode: O_RDONLY }), read(3, '', -1)]],
    ['paths are resolved', [open(3, { path: 'tmp/../f' }), open(-1, { path: 'f/f' })]],
    [
      'a page that goes back is read, and no file grows by it',
      [open(3), write(3, 'ab'), back(text('cdef')), open(4, of4), read(4, 'cd')],
    ],
    [
      'bytes that nobody knows may be any',
      [open(3), write(3, 'ab'), back(FileBytes.ofWords(4)), open(4, of4), read(4, 'zz')],
    ],
    ['a pipe keeps the order', [pipe, put('ab'), put('cd'), write(4, 'abcd'), read(3, 'abcd')]],
    ['it ends when nobody can write', [pipe, close(4), read(3, '')]],
    ['it is broken when nobody can read', [pipe, close(3), write(4, 'ab', -1)]],
  ])('%s', (_, calls) => {
    expect(explained(calls, model)).toBe(calls.length);
  });

  test.each<[string, FileCall[]]>([
    ['two files of a name', [open(3), open(4, { ...of4, inum: 5 })]],
    ['an inode for two files', [open(3), open(4, { ...of4, path: 'g' })]],
    ['an inode that is mapped', [open(3), mapped(1), unlink(), close(3), open(3)]],
    ['what nobody wrote', [open(3), write(3, 'ab'), open(4, of4), read(4, 'ac')]],
    ['a part of what there is', [open(3), write(3, 'ab'), open(4, of4), read(4, 'a')]],
    ['a part of a write', [open(3), write(3, 'ab', 1)]],
    ['a failure without a reason', [open(3), write(3, 'ab', -1)]],
    ['another descriptor than the lowest', [open(4)]],
    ['a second close', [open(3), close(3), close(3)]],
    ['an end that is none', [pipe, read(3, '')]],
    ['a pipe that is not broken', [pipe, write(4, 'ab', -1)]],
    ['more than a pipe holds', [pipe, put('abcde')]],
    ['bytes that overtake', [pipe, put('ab'), put('cd'), write(4, 'abcd'), read(3, 'cdab')]],
  ])('%s is not explained', (_, calls) => {
    expect(explained(calls, model)).toBe(calls.length - 1);
  });

  function mapped(count: number): FileCall {
    return { ...base, what: 'map', inum: 4, count };
  }
});
