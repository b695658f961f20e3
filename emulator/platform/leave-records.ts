import type { Person } from '../company/person';
import type { Clock } from './clock';

/** An employee who has left, as DingTalk's records keep them. */
export interface LeaveRecord {
  userId: string;
  name: string;
  stateCode: string;
  mobile: string;
  /** Milliseconds since 1970. */
  leftAt: number;
}

/** Who has left the company since the emulator started, oldest first. */
export interface LeaveRecords {
  /** Those who left within these times, both included, in milliseconds since 1970. */
  between(from: number, until: number): LeaveRecord[];
  note(person: Person): void;
  reset(): void;
}

export function createLeaveRecords(clock: Clock): LeaveRecords {
  let records: LeaveRecord[] = [];
  return {
    between: (from, until) => records.filter(({ leftAt }) => leftAt >= from && leftAt <= until),
    note({ userid, name, stateCode, mobile }) {
      records.push({ userId: userid, name, stateCode, mobile, leftAt: clock.now() });
    },
    reset() {
      records = [];
    },
  };
}
