import { Fold } from '@/app/_ui/fold';
import { Icon } from '@/app/_ui/icon';
import { Section } from '@/app/_ui/section';
import { withBasePath } from '@/lib/base-path';
import type { OnlinePage } from '@/lib/dal/admin-sessions';
import type { Messages } from '@/lib/i18n';

/** Signing out a person who is not in the list, and all people. */
export function OtherEndings({ total, messages }: Pick<OnlinePage, 'total'> & { messages: Messages }) {
  const text = messages.online;
  return (
    <>
      <Section title={text.notInList}>
        <form className="panel pad" action={withBasePath('/admin/sessions')}>
          <label className="label" htmlFor="whom">
            {text.userId}
          </label>
          <input
            className="input"
            id="whom"
            name="whom"
            required
            maxLength={128}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            aria-describedby="whom-hint"
          />
          <p className="hint" id="whom-hint">
            {text.userIdHint}
          </p>
          <div className="button-row">
            <button type="submit" className="button button-plain">
              {text.look}
            </button>
          </div>
        </form>
      </Section>
      <Section title={text.emergency}>
        <Fold icon={<Icon name="warning" />} title={text.everyone} hint={text.everyoneHint}>
          <form className="pad" method="post" action={withBasePath('/api/admin/sessions')}>
            <p>{text.everyoneAsk(total.people, total.sessions)}</p>
            <label className="choice">
              <input type="checkbox" name="everyone" value="yes" required />
              {text.everyoneConfirm}
            </label>
            <button type="submit" className="button button-bad button-wide">
              {text.everyone}
            </button>
          </form>
        </Fold>
      </Section>
    </>
  );
}
