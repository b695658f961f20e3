/** A text that can be followed; the text alone where there is nowhere to go. */
export function Linked({ href, children }: { href: string | undefined; children: string }) {
  return href ? <a href={href}>{children}</a> : children;
}
