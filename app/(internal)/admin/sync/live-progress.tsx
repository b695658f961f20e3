'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { withBasePath } from '@/lib/base-path';
import type { SyncProgress } from '@/lib/directory/mirror-state';
import type { Language } from '@/lib/i18n';
import { syncPage } from '@/lib/i18n/sync-page';

/** How the run under way is getting on, on the wire. */
export interface SyncGlance {
  running: { id: number; progress: SyncProgress | undefined } | undefined;
}

interface LiveProgressProps {
  /** What the server knew when it rendered the page. */
  progress: SyncProgress | undefined;
  language: Language;
}

const EVERY_MS = 1000;

/** The run under way, followed every second until it has ended; then the page is rendered again. */
export function LiveProgress({ progress: known, language }: LiveProgressProps) {
  const text = syncPage[language];
  const router = useRouter();
  const [progress, setProgress] = useState(known);
  const [isAnswering, setAnswering] = useState(true);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const abort = new AbortController();
    const look = async () => {
      try {
        const { running } = await fetchGlance(abort.signal);
        setAnswering(true);
        if (!running) return router.refresh();
        if (running.progress) setProgress(running.progress);
      } catch {
        if (abort.signal.aborted) return;
        setAnswering(false);
      }
      timer = setTimeout(look, EVERY_MS);
    };
    timer = setTimeout(look, EVERY_MS);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [router]);

  return (
    <>
      <p role="status">{isAnswering ? text.phases[progress?.phase ?? 'reading'] : text.noAnswer}</p>
      {/* Without a value while nothing is known: it moves to and fro. */}
      <progress
        className="progress"
        aria-label={text.progress}
        {...(progress && progress.total > 0 ? { max: progress.total, value: progress.done } : {})}
      />
      {progress && <Figures progress={progress} language={language} />}
      <noscript>
        <meta httpEquiv="refresh" content="3" />
      </noscript>
    </>
  );
}

function Figures({ progress, language }: { progress: SyncProgress; language: Language }) {
  const text = syncPage[language];
  const { done, total, ratePerSecond, remainingSeconds, failures, callsSpent, people } = progress;
  const figures = [
    text.steps(done, total),
    ratePerSecond > 0 && text.rate(ratePerSecond),
    remainingSeconds !== undefined && remainingSeconds > 0 && text.remaining(remainingSeconds),
    text.peopleSoFar(people),
    text.callsSoFar(callsSpent),
  ];
  return (
    <>
      <p className="hint">{figures.filter(Boolean).join(' · ')}</p>
      {failures > 0 && <p className="hint is-bad">{text.failures(failures)}</p>}
      <p className="hint">{text.stepsNote}</p>
    </>
  );
}

async function fetchGlance(signal: AbortSignal): Promise<SyncGlance> {
  const response = await fetch(withBasePath('/api/admin/sync'), { signal });
  // Signed out, or no administrator any more: the page itself says so.
  if (response.status === 401 || response.status === 403) location.reload();
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
