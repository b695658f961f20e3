import 'server-only';
import type { Problem } from '../errors';

/** A part of the directory that a read could not get. */
export interface Missing {
  /**
   * `scope`: which part the app may read · `departments`: what is below one · `settings`: whether one is hidden ·
   * `department`: one whose id cannot be read · `people`: the people of one · `person`: a person authorised singly · `record`: one person, who is kept as before ·
   * `roles` · `admins`
   */
  what:
    | 'scope'
    | 'departments'
    | 'department'
    | 'settings'
    | 'people'
    | 'person'
    | 'record'
    | 'roles'
    | 'admins';
  /** Why, with its remedy in the catalogue (`messages.problems[problem]`). */
  problem: Problem;
  /** Absent: all of them. */
  departmentId?: number | undefined;
  departmentName?: string | undefined;
  userId?: string | undefined;
  roleName?: string | undefined;
  /** For the operator only, like all below. */
  dingTalkCode?: string | undefined;
  reason?: string | undefined;
  proxy?: string | undefined;
  api?: string | undefined;
  requiredScopes?: string[] | undefined;
  applyUrl?: string | undefined;
}

/** A department that was left out on purpose: no part of the company's own tree. */
export interface SkippedDepartment {
  id: number;
  name: string;
  why: 'virtual' | 'school' | 'cycle';
}

/** How far what a viewer is shown can be trusted. */
export interface ShownState {
  /**
   * `complete` · `partial`: something is missing · `failed`: the last read brought nothing, what is shown is older ·
   * `none`: nothing was ever read
   */
  state: 'complete' | 'partial' | 'failed' | 'none';
  /** When what is shown was read; Unix time in ms. */
  asOf: number | undefined;
  ageSeconds: number | undefined;
  /** When it was last complete. */
  completeAsOf: number | undefined;
  missing: Missing[];
}

/** The same of the whole mirror, for any viewer. */
export interface MirrorState extends ShownState {
  people: number;
  departments: number;
}

export interface SyncProgress {
  phase: 'reading' | 'checking' | 'publishing';
  /** Steps done and known so far; the total grows while departments are discovered. */
  done: number;
  total: number;
  ratePerSecond: number;
  /** Undefined until it can be told. */
  remainingSeconds: number | undefined;
  /** Steps that failed for good. */
  failures: number;
  callsSpent: number;
  /** People read so far. */
  people: number;
}
