import { Icon } from '@/app/_ui/icon';
import { withBasePath } from '@/lib/base-path';
import type { AuditQuery } from '@/lib/dal/admin-audit';
import type { Messages } from '@/lib/i18n';
import { AUDIT_EVENTS } from '@/lib/storage/audit-line';

/** What of the audit is shown. A plain form: it needs no JavaScript. */
export function Filters({ query, messages }: { query: AuditQuery; messages: Messages }) {
  const text = messages.audit;
  return (
    <form className="panel filters" action={withBasePath('/admin/audit')}>
      <div>
        <label className="label" htmlFor="event">
          {text.event}
        </label>
        <div className="select">
          <select className="input" id="event" name="event" defaultValue={query.event}>
            <option value="">{text.anyEvent}</option>
            {AUDIT_EVENTS.map((event) => (
              <option key={event} value={event}>
                {text.events[event]}
              </option>
            ))}
          </select>
          <Icon name="down" size="s" />
        </div>
      </div>
      <div>
        <label className="label" htmlFor="person">
          {text.person}
        </label>
        <input
          className="input"
          id="person"
          name="person"
          defaultValue={query.person}
          placeholder={text.personHint}
          maxLength={64}
          autoComplete="off"
        />
      </div>
      <Day name="from" label={text.from} value={query.from} />
      <Day name="to" label={text.to} value={query.to} />
      <button type="submit" className="button filter-wide">
        {text.filter}
      </button>
    </form>
  );
}

function Day({ name, label, value }: { name: 'from' | 'to'; label: string; value: string | undefined }) {
  return (
    <div>
      <label className="label" htmlFor={name}>
        {label}
      </label>
      <input className="input" type="date" id={name} name={name} defaultValue={value} />
    </div>
  );
}
