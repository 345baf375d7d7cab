import type { Param } from '../../kernel/param.ts';
import { UsageError } from '../errors.ts';
import type { GuestSpec } from '../guest.ts';
import type { Subject } from '../stage.ts';
import { kernelSubject, limited } from '../subject.ts';
import { loadSubject } from '../subject-file.ts';

/** How to make a subject again somewhere else, as plain data. */
export interface Recipe {
  readonly program: string;
  readonly detectors: readonly string[] | undefined;
  /** Of the code that it was made from. */
  readonly fingerprint: string;
  /** A kernel with programs of ours. */
  readonly spec?: GuestSpec;
  /** A file of a user's, and what it was given. */
  readonly file?: string;
  readonly limits: Partial<Param>;
  readonly mutants: readonly string[];
}

/** Undefined for a subject that was made in this process and cannot be made elsewhere. */
export function recipeOf(subject: Subject): Recipe | undefined {
  const { program, detectors, file, spec, mutants, config } = subject;
  const known = { program, detectors, mutants, fingerprint: subject.fingerprint() };
  if (file !== undefined) {
    const { stepsMax } = config;
    const bare = typeof stepsMax === 'number' ? { stepsMax } : {};
    return { ...known, file, limits: spec?.param ?? bare };
  }
  if (spec === undefined || spec.own !== undefined) return undefined;
  return { ...known, spec, limits: {} };
}

/** @throws UsageError when it is not what it was when its recipe was made. */
export async function subjectOfRecipe(recipe: Recipe): Promise<Subject> {
  const { program, detectors, file, spec, limits, mutants } = recipe;
  let subject: Subject;
  if (file !== undefined) subject = limited(await loadSubject(file), limits, mutants);
  else subject = kernelSubject(spec as GuestSpec);
  if (subject.fingerprint() !== recipe.fingerprint) {
    throw new UsageError(`${program} was changed while it was explored`);
  }
  return { ...subject, program, detectors };
}
