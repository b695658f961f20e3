import type { Route } from 'next';
import { config } from '@/lib/config';
import { type Audience, openPages } from '@/lib/dal/open-pages';
import type { Language, Messages } from '@/lib/i18n';
import type { IconName } from './_ui/icon';

/** A page that the first page and the menu lead to. Shown only to those who may open it. */
export interface Entry {
  href: Route;
  icon: IconName;
  /** A short one: on a phone, four stand beside each other. */
  name: (messages: Messages, language: Language) => string;
  hint: (messages: Messages, language: Language) => string;
  group: 'everyday' | 'administration';
  /** Besides the access rules: for whom the page itself lets in. */
  audience?: Audience;
  /** In the bar of wide screens, too. */
  inBar?: true;
  /** Of the demo. */
  isExample?: true;
}

/** All of them, in their order. Pages of one's own are added here. */
const ENTRIES: readonly Entry[] = [
  {
    href: '/directory',
    icon: 'people',
    name: ({ frame }) => frame.entries.directory.name,
    hint: ({ frame }) => frame.entries.directory.hint,
    group: 'everyday',
    inBar: true,
  },
  {
    href: '/meetings',
    icon: 'calendar',
    name: ({ frame }) => frame.entries.meetings.name,
    hint: ({ frame }) => frame.entries.meetings.hint,
    group: 'everyday',
    inBar: true,
  },
  {
    href: '/example/choose',
    icon: 'people',
    name: ({ jsapi }) => jsapi.title,
    hint: ({ jsapi }) => jsapi.hint,
    group: 'everyday',
    isExample: true,
  },
  {
    href: '/example/canteen',
    icon: 'bowl',
    name: ({ frame }) => frame.entries.canteen.name,
    hint: ({ frame }) => frame.entries.canteen.hint,
    group: 'everyday',
    isExample: true,
  },
  {
    href: '/example/step-up',
    icon: 'lock',
    name: ({ frame }) => frame.entries.stepUp.name,
    hint: ({ frame }) => frame.entries.stepUp.hint,
    group: 'everyday',
    isExample: true,
  },
  {
    href: '/me',
    icon: 'user',
    name: ({ frame }) => frame.entries.profile.name,
    hint: ({ frame }) => frame.entries.profile.hint,
    group: 'everyday',
  },
  {
    href: '/me/sessions',
    icon: 'devices',
    name: ({ frame }) => frame.entries.devices.name,
    hint: ({ frame }) => frame.entries.devices.hint,
    group: 'everyday',
  },
  {
    href: '/admin',
    icon: 'gauge',
    name: ({ frame }) => frame.entries.overview.name,
    hint: ({ frame }) => frame.entries.overview.hint,
    group: 'administration',
    audience: 'administrators',
  },
  {
    href: '/admin/sessions',
    icon: 'online',
    name: ({ frame }) => frame.entries.online.name,
    hint: ({ frame }) => frame.entries.online.hint,
    group: 'administration',
    audience: 'administrators',
  },
  {
    href: '/admin/audit',
    icon: 'audit',
    name: ({ frame }) => frame.entries.audit.name,
    hint: ({ frame }) => frame.entries.audit.hint,
    group: 'administration',
    audience: 'auditors',
  },
  {
    href: '/admin/sync',
    icon: 'sync',
    name: ({ frame }) => frame.entries.sync.name,
    hint: ({ frame }) => frame.entries.sync.hint,
    group: 'administration',
    audience: 'administrators',
  },
  {
    href: '/admin/access',
    icon: 'key',
    name: ({ frame }) => frame.entries.access.name,
    hint: ({ frame }) => frame.entries.access.hint,
    group: 'administration',
    audience: 'administrators',
  },
];

/** The entries that the member who asks may open. */
export async function openEntries(): Promise<Entry[]> {
  const { showExamples } = config();
  return openPages(ENTRIES.filter(({ isExample }) => showExamples || !isExample));
}
