import 'server-only';
import type { AccessText } from '../../i18n/access-page';
import type { Condition } from './condition';

/** How departments and persons are called for a reader; undefined: the reader may not know. */
export interface ShownNames {
  department(name: string): string | undefined;
  person(userId: string): string | undefined;
}

/** A condition as a person reads it; undefined where it names what the reader may not know. */
export function conditionText(
  condition: Condition,
  text: AccessText['conditions'],
  names: ShownNames,
): string | undefined {
  const shown = (name: string | undefined, write: (name: string) => string) =>
    name === undefined ? undefined : write(name);
  switch (condition.kind) {
    case 'everybody':
    case 'administrator':
    case 'auditor':
      return text[condition.kind];
    case 'person':
      return shown(names.person(condition.userId), text.person);
    case 'role':
      return text.role(condition.role);
    case 'department':
      return shown(names.department(condition.department), text.department);
    case 'leaders-of':
      return shown(
        names.department(condition.department),
        condition.below ? text['leaders-of'] : text['leaders-of-only'],
      );
    case 'not':
      return shown(conditionText(condition.condition, text, names), text.not);
    case 'all': {
      const parts = condition.conditions.map((one) => conditionText(one, text, names));
      const known = parts.filter((part) => part !== undefined);
      return known.length === parts.length ? text.all(known) : undefined;
    }
  }
}
