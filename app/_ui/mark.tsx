import { withBasePath } from '@/lib/base-path';
import { brand } from '@/lib/brand';
import { DOOR_PATH } from '@/lib/brand-icon';

/** The company's logo, or a door in its colour. Beside its name: readers do not hear it. */
export function Mark({ large = false }: { large?: boolean }) {
  const { logo, version } = brand();
  const classes = large ? 'mark mark-l' : 'mark';
  if (logo) return <img className={classes} src={withBasePath(`/brand/logo?v=${version}`)} alt="" />;
  return (
    <svg className={classes} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d={DOOR_PATH} />
    </svg>
  );
}
