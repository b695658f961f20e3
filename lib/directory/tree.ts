import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { shownName } from '../shown-text';
import { outsideRequest, singleton } from '../singleton';
import type { DirectoryState, StoredDepartment } from './model';
import { alphanumericOnly, normalize } from './normalize';
import { spokenFrom } from './pinyin';
import { directoryStore } from './store';

/** The published departments as a tree, in memory: some thousand at most. */
export interface DirectoryTree {
  state: DirectoryState;
  departments: ReadonlyMap<number, StoredDepartment>;
  /** Parents before children, siblings in DingTalk's order. */
  ordered: readonly StoredDepartment[];
  childrenOf(id: number): readonly StoredDepartment[];
  /** From the top-most down to the department itself. */
  pathOf(id: number): StoredDepartment[];
  /** These departments and everything below them, each once, those that were asked for first. */
  withBelow(ids: Iterable<number>): Set<number>;
  /** A department has rules of who sees what. */
  hasRules: boolean;
}

/** Where people come and go all the time, they are not counted each time. */
const COUNTS_FOR_MS = 1000;

const cache = singleton('directory-tree', () => ({
  tree: undefined as DirectoryTree | undefined,
  countedAt: 0,
  /** Only while it is being built: callers meanwhile get the same one. */
  building: undefined as Promise<DirectoryTree> | undefined,
}));

/** Built again when departments have changed, or their counts; state and age are those of now. */
export async function directoryTree(): Promise<DirectoryTree> {
  for (;;) {
    const state = await directoryStore().state();
    const { tree, countedAt } = cache();
    const isCounted = tree?.state.moves === state.moves || performance.now() - countedAt < COUNTS_FOR_MS;
    if (tree && tree.state.revision === state.revision && isCounted) return { ...tree, state };
    cache().building ??= outsideRequest(loadTree);
    const built = await cache().building;
    // It may have been begun before what was read here.
    if (built && built.state.revision >= state.revision) return built;
  }
}

async function loadTree(): Promise<DirectoryTree> {
  try {
    const { state, departments } = await directoryStore().tree();
    const tree = buildTree(state, departments);
    Object.assign(cache(), { tree, countedAt: performance.now() });
    return tree;
  } finally {
    cache().building = undefined;
  }
}

export function buildTree(state: DirectoryState, stored: readonly StoredDepartment[]): DirectoryTree {
  const departments = withoutCycles(stored).map((one) => ({
    ...one,
    name: shownName(one.name, String(one.id)),
  }));
  const byId = new Map(departments.map((department) => [department.id, department]));
  const children = new Map<number | undefined, StoredDepartment[]>();
  for (const department of departments) {
    const parent =
      department.parentId !== undefined && byId.has(department.parentId) ? department.parentId : undefined;
    children.set(parent, [...(children.get(parent) ?? []), department]);
  }
  for (const siblings of children.values()) siblings.sort((a, b) => a.position - b.position || a.id - b.id);
  const ordered: StoredDepartment[] = [];
  const pending = [...(children.get(undefined) ?? [])].reverse();
  for (let next = pending.pop(); next; next = pending.pop()) {
    ordered.push(next);
    pending.push(...[...(children.get(next.id) ?? [])].reverse());
  }
  return {
    state,
    departments: byId,
    ordered,
    childrenOf: (id) => children.get(id) ?? [],
    pathOf(id) {
      const path: StoredDepartment[] = [];
      for (let at = byId.get(id); at && !path.includes(at); at = byId.get(at.parentId ?? 0)) path.unshift(at);
      return path;
    },
    withBelow(ids) {
      const all = new Set(ids);
      // A set yields what is added to it meanwhile.
      for (const id of all) for (const child of children.get(id) ?? []) all.add(child.id);
      return all;
    },
    hasRules: departments.some(({ hidden, restricted }) => hidden || restricted),
  };
}

/** A department that is below itself would vanish with everything below it: its way up is cut where it closes. */
function withoutCycles(departments: readonly StoredDepartment[]): readonly StoredDepartment[] {
  const parents = new Map(departments.map(({ id, parentId }) => [id, parentId]));
  const isSafe = new Set<number>();
  const cut = new Set<number>();
  for (const { id } of departments) {
    const path = new Set<number>();
    let at: number | undefined = id;
    while (at !== undefined && !isSafe.has(at)) {
      path.add(at);
      const above: number | undefined = cut.has(at) ? undefined : parents.get(at);
      if (above !== undefined && path.has(above)) cut.add(at);
      at = cut.has(at) ? undefined : above;
    }
    for (const one of path) isSafe.add(one);
  }
  if (cut.size === 0) return departments;
  return departments.map((one) => (cut.has(one.id) ? { ...one, parentId: undefined } : one));
}

interface Spoken {
  name: string;
  sounds: string[];
  initials: string[];
}

/** Of a department's name there are few doubtful characters, and of departments there may be thousands. */
const MAX_COMBINATIONS = 8;

/** More than the 10,000 departments that DingTalk allows; beyond, the names of departments that are gone are forgotten first. */
const MAX_NAMES = 12_000;
const spokenNames = singleton('department-sounds', () => new LRUCache<string, Spoken>({ max: MAX_NAMES }));

/** Departments whose name, or its sound, contains the text: whole names first, then beginnings. */
export async function findDepartments(
  tree: DirectoryTree,
  key: string,
  { visible, limit }: { visible: (id: number) => boolean; limit?: number },
): Promise<StoredDepartment[]> {
  if (key === '') return [];
  const found: { department: StoredDepartment; score: number }[] = [];
  let computed = 0;
  for (const department of tree.ordered) {
    let spoken = spokenNames().get(department.name);
    if (!spoken) {
      spoken = spokenOf(department.name);
      spokenNames().set(department.name, spoken);
      if (++computed % 100 === 0) await breathe();
    }
    const score = scoreOf(spoken, key);
    if (score !== undefined && visible(department.id)) found.push({ department, score });
  }
  found.sort((a, b) => a.score - b.score || b.department.below - a.department.below);
  return found.slice(0, limit).map(({ department }) => department);
}

function spokenOf(name: string): Spoken {
  const whole = spokenFrom(name, { limit: MAX_COMBINATIONS, surname: false })[0];
  return {
    name: alphanumericOnly(normalize(name)),
    sounds: whole?.sounds.map((syllables) => syllables.join('')) ?? [],
    initials: whole?.initials ?? [],
  };
}

function scoreOf({ name, sounds, initials }: Spoken, key: string): number | undefined {
  if (name === key || sounds.includes(key)) return 0;
  if (name.startsWith(key)) return 1;
  if (name.includes(key)) return 2;
  // One letter of a sound would fit nearly everything.
  if (key.length < 2) return undefined;
  const begins = (text: string) => text.startsWith(key);
  if (sounds.some(begins)) return 3;
  return initials.some(begins) ? 4 : undefined;
}
