/**
 * The version of the trace format this build writes, and the only one it reads. Raise it with
 * every change of FORMAT.md that a reader of the older page would misread, a new event kind included.
 */
export const TRACE_VERSION = 4;

/** Stands in every header, so that a file is known as ours and not as some other use of 0xC1. */
export const TRACE_MAGIC = 'xv6-replay';
