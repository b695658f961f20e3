import type { SessionsText } from '@/lib/i18n/sessions-page';

/**
 * Ending what is in no list: all sessions of one person, a sign-in under way included, or of all people.
 *
 * @param person what was asked for before the administrator had to sign in again
 */
export function EndPeople({ text, person }: { text: SessionsText; person: string }) {
  return (
    <>
      <form className="panel" method="post" action="/api/admin/sessions">
        <h2 className="panel-title">{text.all.person}</h2>
        <div className="search">
          <input
            className="search-box"
            name="person"
            defaultValue={person}
            placeholder={text.all.personField}
            aria-label={text.all.personField}
            required
            maxLength={128}
          />
          <button type="submit" className="search-button">
            {text.mine.end}
          </button>
        </div>
        <p className="figures">{text.all.personHint}</p>
      </form>
      <form className="panel" method="post" action="/api/admin/sessions">
        <h2 className="panel-title">{text.all.everyone}</h2>
        <p className="figures">{text.all.everyoneHint}</p>
        <label className="choice">
          <input type="checkbox" name="everyone" value="yes" required />
          <span>{text.all.everyoneConfirm}</span>
        </label>
        <button type="submit" className="button button-danger panel-button">
          {text.all.everyoneButton}
        </button>
      </form>
    </>
  );
}
