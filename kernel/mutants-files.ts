import { type Mutant, mutant } from './mutant.ts';

/** Mutants of files and pipes; see mutants.ts. */
export const FILE_MUTANTS = {
  // kernel/file.ts
  'filealloc-apart': mutant(
    'check, then act',
    'pipe-pipe',
    'race panic refcount',
    2,
    'filealloc lets the lock go between finding a free slot and taking it: one file for two',
  ),
  'fileclose-unlocked': mutant(
    'counting',
    'file-close',
    'lock-discipline race refcount',
    0,
    'fileclose decrements the count outside ftable.lock',
  ),
  'fileread-unlocked': mutant(
    'locking',
    'file-read',
    'lock-discipline race',
    0,
    'fileread reads an inode without its lock',
  ),
  'fileread-advances-late': mutant(
    'order',
    'read-read',
    'race',
    1,
    'fileread lets the inode go before it advances the offset: two reads of one file get the same',
  ),
  'filewrite-apart': mutant(
    'check, then act',
    'write-append',
    'linearizability',
    2,
    'filewrite lets the inode go between reading the offset and writing there: a write is lost',
  ),
  'fork-files-uncounted': mutant(
    'order',
    'file-fork',
    'refcount',
    0,
    "fork counts the child's references only after the child can run",
  ),
  'close-descriptor-late': mutant(
    'order',
    'file-close',
    'refcount',
    0,
    'close drops the reference before it clears the descriptor',
  ),
  // kernel/fs.ts and kernel/disk.ts
  'balloc-apart': mutant(
    'check, then act',
    'write-both',
    'race files',
    2,
    'balloc lets the lock go between finding a free block and taking it: one block for two files',
  ),
  'iput-apart': mutant(
    'counting',
    'file-file',
    'refcount',
    2,
    'iput lets the lock go between reading the count and writing it: one decrement is lost',
  ),
  'write-full-keeps-blocks': mutant(
    'clean-up',
    'disk-full',
    'files',
    0,
    'write on a full disk keeps the blocks that it has taken',
  ),
  // kernel/namei.ts and kernel/sysfile.ts
  'create-apart': mutant(
    'check, then act',
    'create-both',
    'files',
    2,
    'open lets the directory go between looking for a name and entering it: two files of one name',
  ),
  'create-full-keeps-lock': mutant(
    'locking',
    'inodes-full',
    'sleeping-with-lock deadlock',
    0,
    'open that finds no free inode returns with the directory locked',
  ),
  'open-missing-keeps-file': mutant(
    'clean-up',
    'open-missing',
    'refcount leak',
    0,
    'open of a file that is not there keeps the entry of the file table',
  ),
  'unlink-frees-open': mutant(
    'clean-up',
    'unlink-open',
    'files panic',
    0,
    'unlink frees the inode although it is open',
  ),
  // kernel/pipe.ts
  'pipe-oom-keeps-file': mutant(
    'clean-up',
    'pipe-scarce',
    'refcount leak',
    0,
    'pipe out of memory keeps the file of the read end',
  ),
  'pipewrite-checks-apart': mutant(
    'sleep and wakeup',
    'pipe-full',
    'deadlock lost-wakeup',
    2,
    'pipewrite lets the lock go between finding the pipe full and sleeping: a wakeup is lost',
  ),
  'pipewrite-broken-keeps-lock': mutant(
    'locking',
    'pipe-broken',
    'sleeping-with-lock panic deadlock',
    0,
    'pipewrite to a pipe without readers returns with its lock held',
  ),
  'pipeclose-forgets-wakeup': mutant(
    'sleep and wakeup',
    'pipe-end',
    'deadlock',
    1,
    'closing the write end does not wake the reader, who waits for ever',
  ),
} as const satisfies Readonly<Record<string, Mutant>>;
