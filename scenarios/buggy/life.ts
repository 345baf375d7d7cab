/** Mistakes with fork, exit, exec, wait, sleep and wakeup. */
import type { Scenario } from '../scenario.ts';
import { situation } from './situation.ts';

export const life: Readonly<Record<string, Scenario>> = {
  'exit-wait': situation('one process exits and init waits for it', ['']),
  'fork-exit': situation('a parent exits without waiting for its child', ['fork']),
  'fork-both': situation('two processes fork', ['fork=0', 'fork=0']),
  'open-fork': situation('a process forks with an object open', ['open:foo fork=0']),
  'fork-open': situation('a process forks while another opens and closes what both share', [
    'open:foo fork=0',
    'open:foo close:0 open:foo close:0 open:foo close:0',
  ]),
  'fork-touch': situation('parent and child write to their own memory', ['open fork=0 open=-1']),
  'exec-touch': situation('a process executes a program that uses its memory', [
    'exec:script:open',
  ]),
  'slot-again': situation('a slot of the process table is used a second time', [
    'fork c/open c/exit p/wait=0 fork c/open c/exit p/wait=0',
  ]),
  'fork-kill': situation('a parent kills its child', ['fork p/kill=0 p/wait=0']),
  'pipe-kill': situation('one waits for a pipe of its own, and is killed', [
    'pipe=0 readf:3:1',
    'pipe=0 kill:2',
  ]),
  'write-write': {
    ...situation('two processes print', ['write:a', 'write:b']),
    holds: (output) => (output === 'ab' || output === 'ba' ? undefined : output),
  },
  'write-long': {
    ...situation('two processes print three times what the console takes in two pieces', [
      'write:a:129 write:a:129 write:a:129',
      'write:b:129 write:b:129 write:b:129',
    ]),
    holds: (output) => (/^(a{129}|b{129}){6}$/.test(output) ? undefined : output),
  },
};
