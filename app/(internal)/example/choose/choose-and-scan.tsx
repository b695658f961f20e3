'use client';

import { useState } from 'react';
import { useHydrated } from '@/app/_ui/hydrated';
import { JsapiProblem } from '@/app/_ui/jsapi-problem';
import type { JsapiTexts } from '@/app/_ui/jsapi-texts';
import type { ProblemNoteLabels } from '@/app/_ui/problem-note';
import type { Messages } from '@/lib/i18n';
import type { JsapiError } from '@/lib/webview';

interface ChooseAndScanProps {
  corpId: string;
  text: Messages['jsapi'];
  labels: ProblemNoteLabels;
  problems: JsapiTexts;
}

type Result =
  | { kind: 'none' | 'asking' }
  | { kind: 'done'; label: string; value: string }
  | { kind: 'failed'; error: JsapiError };

export function ChooseAndScan({ corpId, text, labels, problems }: ChooseAndScanProps) {
  const [result, setResult] = useState<Result>({ kind: 'none' });
  const isAsking = result.kind === 'asking';
  const isDisabled = !useHydrated() || isAsking;

  const run = async (ask: (webview: typeof import('@/lib/webview')) => Promise<Result>) => {
    setResult({ kind: 'asking' });
    // Not imported above: DingTalk's package is loaded where it is needed, and only then.
    await import('@/lib/webview').then(ask).then(setResult, (error) => setResult({ kind: 'failed', error }));
  };
  const choose = () =>
    run(async ({ jsapi }) => {
      const parameters = { corpId, multiple: true, users: [], title: text.choose };
      const people = await jsapi<{ name: string; emplId: string }[]>('biz.contact.choose', parameters);
      const names = people.map(({ name }) => name).join(', ');
      return { kind: 'done', label: text.chosen, value: names || text.nothing };
    });
  const scan = () =>
    run(async ({ jsapi }) => {
      const { text: value } = await jsapi<{ text: string }>('biz.util.scan', { type: 'all' });
      return { kind: 'done', label: text.scanned, value };
    });

  return (
    <section className="panel">
      <div className="actions">
        <button className="action" type="button" disabled={isDisabled} onClick={choose}>
          {text.choose}
        </button>
        <button className="action" type="button" disabled={isDisabled} onClick={scan}>
          {text.scan}
        </button>
      </div>
      <p role="status">
        {isAsking && text.asking}
        {result.kind === 'done' && (
          <>
            {result.label}: <bdi>{result.value}</bdi>
          </>
        )}
      </p>
      {result.kind === 'failed' && <JsapiProblem error={result.error} texts={problems} labels={labels} />}
    </section>
  );
}
