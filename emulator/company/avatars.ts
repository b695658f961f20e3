import type { Person } from './person';

/** Where the emulator serves a person's picture, on its own origin. */
export function avatarPath(userid: string): string {
  return `/__emulator/avatars/${encodeURIComponent(userid)}.svg`;
}

/** Draws the picture of a person: the last letters of the name on a colour of their own, as DingTalk does. */
export function drawAvatar(person: Person): string {
  const letters = [...person.name.replace(/[^\p{L}\p{N}]/gu, '')].slice(-2).join('') || '?';
  const hue = [...person.userid].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">',
    `<rect width="96" height="96" fill="hsl(${hue} 55% 45%)"/>`,
    '<text x="48" y="50" fill="#fff" font-family="system-ui,sans-serif" font-size="34" text-anchor="middle"',
    ` dominant-baseline="central">${letters}</text></svg>`,
  ].join('');
}
