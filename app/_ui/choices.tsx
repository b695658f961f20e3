import { withBasePath } from '@/lib/base-path';

interface ChoicesProps {
  /** The form's field. */
  name: string;
  options: readonly string[];
  /** Where the form goes: an endpoint of one's own. */
  action: string;
  button: string;
}

/** A form with one question. Needs no JavaScript. */
export function Choices({ name, options, action, button }: ChoicesProps) {
  return (
    <form method="post" action={withBasePath(action)}>
      <ul className="panel rows">
        {options.map((option, at) => (
          <li key={option}>
            <label className="choice choice-row">
              <input type="radio" name={name} value={option} defaultChecked={at === 0} />
              <span className="row-text">{option}</span>
            </label>
          </li>
        ))}
      </ul>
      <div className="section">
        <button type="submit" className="button button-wide">
          {button}
        </button>
      </div>
    </form>
  );
}
