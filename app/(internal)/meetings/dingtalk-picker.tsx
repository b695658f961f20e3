'use client';

import { useState } from 'react';
import { useHydrated } from '@/app/_ui/hydrated';
import { JsapiProblem } from '@/app/_ui/jsapi-problem';
import type { JsapiTexts } from '@/app/_ui/jsapi-texts';
import type { ProblemNoteLabels } from '@/app/_ui/problem-note';
import { withBasePath } from '@/lib/base-path';
import type { JsapiError } from '@/lib/webview';

interface DingTalkPickerProps {
  corpId: string;
  /** User ids that are chosen already. */
  chosen: readonly string[];
  most: number;
  /** The page without people. */
  address: string;
  text: string;
  labels: ProblemNoteLabels;
  problems: JsapiTexts;
}

/** DingTalk's own picker. Where there is no JavaScript, the search beside it does the same. */
export function DingTalkPicker({
  corpId,
  chosen,
  most,
  address,
  text,
  labels,
  problems,
}: DingTalkPickerProps) {
  const [error, setError] = useState<JsapiError>();
  const [isAsking, setIsAsking] = useState(false);
  const isReady = useHydrated();

  const choose = async () => {
    setIsAsking(true);
    setError(undefined);
    try {
      const { jsapi } = await import('@/lib/webview');
      const parameters = { corpId, multiple: true, users: [...chosen], max: most, title: text };
      const people = await jsapi<{ emplId: string }[]>('biz.contact.choose', parameters);
      const to = new URL(withBasePath(address), location.href);
      for (const { emplId } of people) to.searchParams.append('with', emplId);
      location.assign(to);
    } catch (failure) {
      setError(failure as JsapiError);
    } finally {
      setIsAsking(false);
    }
  };

  return (
    <div className="meeting-picker">
      <button
        className="button button-plain"
        type="button"
        disabled={!isReady || isAsking}
        onClick={() => void choose()}
      >
        {text}
      </button>
      {error && error.problem !== 'jsapi-cancelled' && (
        <JsapiProblem error={error} texts={problems} labels={labels} />
      )}
    </div>
  );
}
