import { describe, expect, test } from 'vitest';
import { Situation } from '../../property-tests/executions.ts';
import { PROGRAMS } from './index.ts';

/** Command lines that must succeed, the line that the first prints, and limits if the small do not do. */
const SUCCEED: readonly [string, RegExp][] = [
  ['shmtest foo 8192 4', /shmtest: pid 2: 8192 bytes, 4 processes, ok\n$/],
  [
    'share foo',
    /^fork-receiver: pid 3: ok, read "hello from pid 2"\nshare: pid 2: ok, 4096 bytes shared/,
  ],
  ['shmfork foo', /^shmfork: pid 2: ok, parent and child share the mapping\n$/],
  [
    'rofault foo',
    /^usertrap\(\): unexpected scause 0x0{14}0f pid=3\n {12}sepc=0x0 stval=0x0{8}40001000\nrofault: pid 2: ok, pid 3 was killed by its store\n$/,
  ],
  [
    'afterclose foo',
    /^usertrap\(\): unexpected scause 0x0{14}0d pid=3\n.*\nafterclose: pid 2: ok, pid 3 was killed/,
  ],
  ['noclose foo', /^noclose: pid 2: ok, exit closed foo\n$/],
  ['limits 4 4 4', /^limits: pid 2: ok, 4 objects, 4 descriptors, 4 pages\n$/],
  ['trunctwice foo', /^trunctwice: pid 2: ok, 8192 bytes, once\n$/],
  ['killer foo', /^killer: pid 2: ok, pid 3 was killed and left nothing\n$/],
  ['execclose foo', /^usertrap.*\n.*\nexecclose: pid 2: ok, exec closed all\n$/],
  ['shmsbrk foo', /^shmsbrk: pid 2: ok, the heap leaves the window alone\n$/],
  ['leave foo', /^leave: pid 2: ok, foo is open\n$/],
  ['forkclose foo', /^forkclose: pid 2: ok, foo was closed by both\n$/],
  ['truncrace foo 3', /^truncrace: pid 2: ok, one of 3 processes gave foo its size\n$/],
  ['orphan foo', /^orphan: pid 3: ok, pid 2 left its memory\n$/],
  ['scarce foo 3', /^scarce: pid 2: ok, 3 rounds\n$/],
  ['badcalls foo', /^badcalls: pid 2: ok, what must fail fails\n$/],
  ['unmapped foo', /^unmapped: pid 2: ok, its last close was of one that never mapped it\n$/],
  ['wander foo 4', /^wander: pid 2: ok, 4 rounds\n$/],
  ['heapshrink', /^usertrap.*\n.*\nheapshrink: pid 2: ok, pid 3 was killed by its access\n$/],
  ['script open:foo=0 trunc:0:4096=4096 map:0=0 store:0:7 fork=0 load:0=7 p/wait=0', /^$/],
  ['script open:foo trunc:0:8192 map:0 add:0:5:1=0 add:0:2:1=5 touch:0:1=0 kill:99=-1', /^$/],
  ['script sbrk:4096=0 fill:7 heap=7 fork p/kill=0 p/wait=0 c/sleep:9 write:x', /^x$/],
  ['x5 foo none', /^x = (6|10|11|12)\n$/],
  ['x5 foo mutex', /^x = (11|12)\n$/],
  ['prodcons foo spin 5', /^prodcons: pid 2: ok, 5 items\n$/],
  ['prodcons foo mutex 5', /^prodcons: pid 2: ok, 5 items\n$/],
  ['prodcons foo sem 5', /^prodcons: pid 2: ok, 5 items\n$/],
  ['prodcons foo monitor 5', /^prodcons: pid 2: ok, 5 items\n$/],
  ['complete 7', /^complete: pid 2: ok, the counter is 5, the last is "message 5"\n$/],
  ['segments 7 4', /^segments: pid 2: ok, 4 rounds\n$/],
  ['testmmap f', /^testmmap: pid 2: ok, mapped, unmapped, written back\n$/],
  ['testmmfork f', /^testmmfork: pid 2: ok, private and shared as they should be\n$/],
  ['named a 2', /named: pid 2: ok, 2 rounds\n$/],
  ['cat README', /^xv6 is a re-implementation .*\nUnix Version 6.\n$/],
  ['readwrite f 9', /^readwrite: pid 2: ok, 9000 bytes\n$/],
  ['filerace f 3', /^filerace: pid 2: ok, 3 rounds\n$/],
  ['sharedfd f 4', /^sharedfd: pid 2: ok, 4 pairs each\n$/],
  ['pipetest 40 3', /^pipetest: pid 2: ok, 40 words\n$/],
  ['pipetest 300 200', /^pipetest: pid 2: ok, 300 words\n$/],
  ['preempt', /^preempt: pid 2: ok, three that spin were killed\n$/],
  ['filescarce f 2', /^filescarce: pid 2: ok, 2 rounds\n$/],
  [
    'script creat:f=3 writef:3:ab=2 openf:f=4 readf:4:9=ab dup:4=5 unlink:f=0 closef:3 closef:5=0',
    /^$/,
  ],
  [
    'script file:f=0 fwrite:0:9=9 fdup:0=0 fclose:0=0 fstat:1=0 file:f:r fread:2:5=5 fread:0:1=-1',
    /^$/,
  ],
  ['script ends=0 pass:600=0 fread:0:1=-1 meet:kill:own=0 meet:wake:seg=-1 bump:0=-1', /^$/],
  [
    'script mmap:1:s=0 bump:0=0 meet:wake:area=0 bump:0=2 shmget:1 shmat=0 meet:moved:seg=0 count=1',
    /^$/,
  ],
  ['script mark=0 fork look=0 echo=0 mark=0 look=0 back:s=0 back:l=0 hand:3=0 wait', /^$/],
  ['script shmget:1 shmat=0 fork lock=0 lock=0 p/wait=0 uid:3=0 uptime=0 uid:3=0', /^$/],
  ['script file:f=0 fbig:0:2=8192 fmap:0:s:2:0=0 munmap:1:1=0 cut:f=0 unlink:f=0', /^$/],
  ['script pfile:a=0 ptrunc:0:2=0 fmap:0:s:1:1=0 bump:0=0 punlink:a=0 pfile:a:x=0 bump:0=1', /^$/],
  ['churn foo 5', /^churn: pid 2: ok, 5 rounds\n$/],
  ['scaling foo 3 2 4', /^scaling: pid 2: ok, 3 processes, 48 operations\n$/],
];

describe('on 1, 2 and 4 CPUs under random and round-robin', () => {
  test.each(SUCCEED)('"%s" exits with 0 and leaves nothing', (line, prints) => {
    for (const ncpu of [1, 2, 4]) {
      const situation = new Situation({}, [line.split(' ')], { ncpu });
      for (const strategy of ['random', 'round-robin'] as const) {
        for (let seed = 1; seed <= 5; seed++) {
          const outcome = situation.execute(strategy, seed);
          expect(outcome.ending, outcome.output).toBe('halted');
          expect(outcome.output).toMatch(prints);
          expect(outcome.statuses.get(2), outcome.output).toBe(0);
          expect(outcome.problems).toEqual([]);
        }
      }
    }
  });

  test('shmwriter and shmreader meet, whoever comes first', () => {
    const lines = [
      ['shmwriter', 'foo', '20'],
      ['shmreader', 'foo', '20'],
    ];
    for (const ncpu of [1, 2, 4]) {
      for (const initial of [lines, [...lines].reverse()]) {
        const situation = new Situation({}, initial, { ncpu });
        for (const strategy of ['random', 'round-robin'] as const) {
          for (let seed = 1; seed <= 5; seed++) {
            const outcome = situation.execute(strategy, seed);
            expect(outcome.output).toContain('ok, wrote 20 words');
            expect(outcome.output).toContain('ok, read 20 words');
            expect([...outcome.statuses.values()]).toEqual([0, 0]);
            expect(outcome.problems).toEqual([]);
          }
        }
      }
    }
  });

  test('several churns of one name see only objects of their own time', () => {
    const churn = ['churn', 'foo', '6'];
    for (const ncpu of [1, 2, 4]) {
      const situation = new Situation({}, [churn, churn, churn], { ncpu });
      for (const strategy of ['random', 'round-robin'] as const) {
        for (let seed = 1; seed <= 10; seed++) {
          const outcome = situation.execute(strategy, seed);
          expect([...outcome.statuses.values()], outcome.output).toEqual([0, 0, 0]);
          expect(outcome.problems).toEqual([]);
        }
      }
    }
  });
});

test('limits reaches those of the default configuration: 64, 16, 32', () => {
  const situation = new Situation({}, [['limits', '64', '16', '32']], {
    nshm: 64,
    noshm: 16,
    nshmpg: 32,
    frames: 256,
  });
  const outcome = situation.execute('round-robin', 1);
  expect(outcome.output).toBe('limits: pid 2: ok, 64 objects, 16 descriptors, 32 pages\n');
  expect(outcome.problems).toEqual([]);
});

describe('a wrong value is exit status 1', () => {
  test.each([
    ['script close:0=0', /close:0=0 answered -1/],
    ['script no:such', /usage: script STEP/],
    ['limits 5 4 4', /a child could not fill the rest of the table/],
    ['limits 4 3 4', /an open past the limits gave 3/],
    ['limits 4 4 5', /shm_trunc did not take 5 pages/],
    ['limits 4 4 3', /shm_trunc took 12289 bytes/],
    ['fork-receiver foo 2', /there is no foo to map/],
    ['shmwriter foo 1', /no reader came/],
    ['shmreader foo 1', /no writer came/],
    ['shmtest foo 99999 2', /cannot create foo/],
    ['scaling foo 9 1 2', /5 of 9 processes failed/],
    ['churn sixteen-bytes-xx 1', /shm_open failed/],
    ['cat no', /cannot open no/],
    ['readwrite no/f 1', /cannot create no\/f/],
    ['readwrite f 50', /write error/],
    ['filerace tmp 1', /open failed/],
    ['sharedfd tmp 1', /cannot create tmp/],
  ])('"%s"', (line, prints) => {
    const situation = new Situation({}, [line.split(' ')], { ncpu: 1 });
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.output).toMatch(prints);
    expect(outcome.statuses.get(2)).toBe(1);
    expect(outcome.problems).toEqual([]);
  });
});

/** Programs that have something to do without arguments, if only nothing. */
const WITHOUT = ['shmtest', 'script'];

test.each(
  Object.entries(PROGRAMS).filter(([name, { usage }]) => usage !== '' && !WITHOUT.includes(name)),
)(
  '%s without arguments prints its usage, as the registry has it, and exits with 1',
  (name, { usage }) => {
    const situation = new Situation({}, [[name]], { ncpu: 1 });
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.output).toBe(`usage: ${name} ${usage}\n`);
    expect(outcome.statuses.get(2)).toBe(1);
  },
);
