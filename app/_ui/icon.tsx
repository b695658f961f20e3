import sprite from './icons.svg';

/** Those in `icons.svg`: one file that the browser keeps, because drawn into the pages they were a quarter of them. */
export type IconName =
  | 'search'
  | 'home'
  | 'people'
  | 'user'
  | 'devices'
  | 'phone'
  | 'laptop'
  | 'globe'
  | 'language'
  | 'signout'
  | 'gauge'
  | 'online'
  | 'audit'
  | 'sync'
  | 'department'
  | 'call'
  | 'mail'
  | 'chat'
  | 'calendar'
  | 'check'
  | 'ok'
  | 'warning'
  | 'info'
  | 'refused'
  | 'lock'
  | 'key'
  | 'download'
  | 'clock'
  | 'bolt'
  | 'close'
  | 'right'
  | 'left'
  | 'down'
  | 'bowl'
  | 'room'
  | 'headset'
  | 'bus'
  | 'book';

interface IconProps {
  name: IconName;
  /** `s`: 20 px, `xs`: 16 px, `l`: 30 px; 24 px by default. */
  size?: 'xs' | 's' | 'l';
  className?: string;
}

/** Where the drawings are: for a page that fetches them ahead of the first one that shows them. */
export const ICONS_ADDRESS: string = sprite.src;

/** An icon beside a word that says the same: readers do not hear it. */
export function Icon({ name, size, className }: IconProps) {
  const classes = ['icon', size && `icon-${size}`, className].filter(Boolean).join(' ');
  return (
    <svg className={classes} aria-hidden="true">
      <use href={`${ICONS_ADDRESS}#${name}`} />
    </svg>
  );
}
