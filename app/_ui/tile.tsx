import type { Route } from 'next';
import Link from 'next/link';

interface TileProps {
  href: Route;
  /** One character. */
  icon: string;
  title: string;
  hint: string;
}

/** An entry of the first page: where it leads, and what is there. */
export function Tile({ href, icon, title, hint }: TileProps) {
  return (
    <li>
      <Link className="tile" href={href} prefetch={false}>
        <span className="tile-icon" aria-hidden="true">
          {icon}
        </span>
        <span className="tile-text">
          <span className="tile-title">{title}</span>
          <span className="tile-hint">{hint}</span>
        </span>
        <span className="tile-arrow" aria-hidden="true">
          ›
        </span>
      </Link>
    </li>
  );
}
