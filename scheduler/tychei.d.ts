/** The one generator of seedrandom that is used; @types/seedrandom declares only its index. */
declare module 'seedrandom/lib/tychei.js' {
  /** @param seed a safe integer: any other number is taken for a string */
  export default function tychei(seed: number): {
    /** A uniform 32-bit integer with sign. */
    int32(): number;
  };
}
