import { createHmac } from 'node:crypto';
import type { Clock } from './clock';

/** The one custom robot, of the operators' group. */
export const ROBOT = {
  token: 'emulatorrobot0000000000000000000000000000000000000000000000000001',
  secret: 'SECemulator000000000000000000000000000000000000000000000000000001',
} as const;

const HOUR_MS = 3_600_000;
const MOST_A_MINUTE = 20;

export interface RobotMessage {
  at: number;
  text: string;
}

export type Robots = ReturnType<typeof createRobots>;

/** What the robot wrote into its group. @see https://open.dingtalk.com/document/robots/custom-robot-access */
export function createRobots(clock: Clock) {
  let messages: RobotMessage[] = [];
  return {
    /** Whether a request is signed with the robot's secret, and not more than an hour off. */
    isSigned(timestamp: string, sign: string): boolean {
      const expected = createHmac('sha256', ROBOT.secret)
        .update(`${timestamp}\n${ROBOT.secret}`)
        .digest('base64');
      return sign === expected && Math.abs(clock.now() - Number(timestamp)) <= HOUR_MS;
    },
    /** @returns false where it has written too much in the last minute */
    write(text: string): boolean {
      const lately = messages.filter(({ at }) => clock.now() - at < 60_000);
      if (lately.length >= MOST_A_MINUTE) return false;
      messages.push({ at: clock.now(), text });
      return true;
    },
    messages: (): RobotMessage[] => [...messages],
    reset: () => {
      messages = [];
    },
  };
}
