import type { ReactNode } from 'react';
import type { OperatorHint } from '@/lib/http/error-response';
import type { Messages } from '@/lib/i18n';

export type ProblemNoteLabels = Messages['problemNote'];

interface ProblemNoteProps {
  message: string;
  nextStep: string;
  requestId?: string | undefined;
  operator?: OperatorHint | undefined;
  labels: ProblemNoteLabels;
  children?: ReactNode;
}

/** A problem as its reader needs it: the sentence, the next step, the request id; the operator's part where it is given. */
export function ProblemNote(props: ProblemNoteProps) {
  const { message, nextStep, requestId, operator, labels, children } = props;
  return (
    <div className="problem" role="alert">
      <p className="problem-title">{message}</p>
      <p className="problem-next">{nextStep}</p>
      {children}
      {requestId && (
        <p className="problem-id">
          {labels.requestId} <code>{requestId}</code>
        </p>
      )}
      {operator && (
        <div className="problem-operator" data-testid="operator-hint">
          <p className="section-title">{labels.heading}</p>
          <dl className="panel fields">
            <Row label={labels.cause}>{operator.cause}</Row>
            <Row label={labels.remedy}>{operator.remedy}</Row>
            <Row label={labels.actor}>{operator.actor}</Row>
            <Row label={labels.dingTalkCode}>{operator.dingTalkCode}</Row>
            <Row label={labels.reason}>{operator.reason}</Row>
            <Row label={labels.proxy}>{operator.proxy}</Row>
            <Row label={labels.permissions}>{operator.requiredScopes?.join(', ')}</Row>
            <Row label={labels.address}>{operator.callerAddress}</Row>
            <Row label={labels.apply}>
              {operator.applyUrl && (
                <a href={operator.applyUrl} rel="noreferrer">
                  {operator.applyUrl}
                </a>
              )}
            </Row>
          </dl>
        </div>
      )}
    </div>
  );
}

function Row({ label, children }: { label: string; children?: ReactNode }) {
  if (!children) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
