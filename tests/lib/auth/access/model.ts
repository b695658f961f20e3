/**
 * A second opinion about access rules, written from their description alone and sharing nothing with the product: plain
 * lists, no index, no tree.
 */

export interface ModelPerson {
  userId: string;
  departments: { id: number; leads: boolean }[];
  roles: number[];
  administrator: boolean;
}

export interface ModelWorld {
  departments: { id: number; parent: number; name: string }[];
  roles: { id: number; name: string }[];
  /** Whether departments, roles and administrators are known. */
  knows: { places: boolean; roles: boolean; administrators: boolean };
}

export interface ModelRule {
  at: string;
  for: (string | { all: string[] })[];
}

type Answer = 1 | 0 | '?';

export function modelAnswer(entry: string | { all: string[] }, who: ModelPerson, world: ModelWorld): Answer {
  if (typeof entry !== 'string') {
    const answers = entry.all.map((one) => modelAnswer(one, who, world));
    return answers.includes(0) ? 0 : answers.includes('?') ? '?' : 1;
  }
  if (entry.startsWith('not:')) {
    const inner = modelAnswer(entry.slice(4), who, world);
    return inner === '?' ? '?' : inner === 1 ? 0 : 1;
  }
  if (entry === 'everybody') return 1;
  if (entry === 'administrator') return !world.knows.administrators ? '?' : who.administrator ? 1 : 0;
  if (entry.startsWith('role:')) {
    if (!world.knows.roles) return '?';
    const fitting = world.roles.filter(({ name }) => name === entry.slice(5));
    return fitting.length === 1 ? (who.roles.includes(fitting[0]!.id) ? 1 : 0) : '?';
  }
  const [, word, exactly, name] = /^(department|leaders-of):(=?)(.*)$/.exec(entry) ?? [];
  if (word === undefined) return entry.replace(/^person:/, '') === who.userId ? 1 : 0;
  if (!world.knows.places) return '?';
  const fitting = world.departments.filter((one) => `/${pathOf(one.id, world)}`.endsWith(`/${name}`));
  if (fitting.length !== 1) return '?';
  const wanted = fitting[0]!.id;
  const counts = who.departments.filter(({ leads }) => word === 'department' || leads);
  return counts.some(({ id }) => (exactly ? id === wanted : chainOf(id, world).includes(wanted))) ? 1 : 0;
}

function chainOf(id: number, world: ModelWorld): number[] {
  const own = world.departments.find((one) => one.id === id);
  return own ? [id, ...chainOf(own.parent, world)] : [];
}

function pathOf(id: number, world: ModelWorld): string {
  return chainOf(id, world)
    .reverse()
    .map((one) => world.departments.find((department) => department.id === one)!.name)
    .join('/');
}

/** The rule that decides, and whether it lets the person in. Hosts: nobody without a rule; own pages: everybody. */
export function modelVerdict(rules: ModelRule[], address: string, who: ModelPerson, world: ModelWorld) {
  const covering = rules.filter(({ at }) =>
    at.endsWith('/*') ? address === at.slice(0, -2) || address.startsWith(at.slice(0, -1)) : at === address,
  );
  const weight = ({ at }: ModelRule) => at.replace(/\/\*$/, '').length * 2 + (at.endsWith('/*') ? 0 : 1);
  const [rule] = covering.sort((a, b) => weight(b) - weight(a));
  if (!rule) return { rule: undefined, answers: [], admitted: address.startsWith('/') };
  const answers = rule.for.map((entry) => modelAnswer(entry, who, world));
  const isNot = (entry: ModelRule['for'][number]) => typeof entry === 'string' && entry.startsWith('not:');
  const admitted =
    rule.for.some((entry, index) => !isNot(entry) && answers[index] === 1) &&
    rule.for.every((entry, index) => !isNot(entry) || answers[index] === 1);
  return { rule, answers, admitted };
}
