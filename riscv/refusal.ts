/** A file or a setting that this machine cannot use. The message is one clear line for the user. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
