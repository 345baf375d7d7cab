import type { Param } from '../../kernel/param.ts';
import { MEMORY_MODELS, type MemoryModel } from '../../machine/index.ts';
import { UsageError } from '../errors.ts';
import type { Subject } from '../stage/stage.ts';
import type { GuestSpec } from '../subject/kernel-spec.ts';
import { kernelSubject, limited, withMemory } from '../subject/subject.ts';
import { loadSubject } from '../subject/subject-file.ts';

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
  /** How memory orders stores, if not at once. */
  readonly memory?: MemoryModel;
  readonly mutants: readonly string[];
}

/** Undefined for a subject that was made in this process and cannot be made elsewhere. */
export function recipeOf(subject: Subject): Recipe | undefined {
  const { program, detectors, file, spec, mutants, config } = subject;
  const known = { program, detectors, mutants, fingerprint: subject.fingerprint() };
  if (file !== undefined) {
    const { stepsMax } = config;
    const bare = typeof stepsMax === 'number' ? { stepsMax } : {};
    const memory = MEMORY_MODELS.find((model) => model === config.memory) ?? 'sc';
    return { ...known, file, limits: spec?.param ?? bare, memory };
  }
  if (spec === undefined || spec.own !== undefined) return undefined;
  return { ...known, spec, limits: {} };
}

/** @throws UsageError when it is not what it was when its recipe was made. */
export async function subjectOfRecipe(recipe: Recipe): Promise<Subject> {
  const { program, detectors, file, spec, limits, mutants, memory = 'sc' } = recipe;
  let subject: Subject;
  if (file !== undefined)
    subject = withMemory(limited(await loadSubject(file), limits, mutants), memory);
  else subject = kernelSubject(spec as GuestSpec);
  if (subject.fingerprint() !== recipe.fingerprint) {
    throw new UsageError(`${program} was changed while it was explored`);
  }
  return { ...subject, program, detectors };
}
