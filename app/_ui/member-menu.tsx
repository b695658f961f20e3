interface MemberMenuProps {
  text: { open: string; signOut: string };
}

/** "Not you?": shows the way out, and only the way out, so that a second tap by mistake does not sign the member out. Needs no JavaScript. */
export function MemberMenu({ text }: MemberMenuProps) {
  return (
    <details className="hero-menu">
      <summary className="button-quiet">{text.open}</summary>
      <form method="post" action="/api/session/sign-out">
        <button type="submit" className="button-quiet">
          {text.signOut}
        </button>
      </form>
    </details>
  );
}
