import type { ReactNode } from 'react';
import type { OperatorHint } from '@/lib/http/error-response';
import type { Messages } from '@/lib/i18n';
import { ApplyLink, FieldRow } from './field-row';

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
            <FieldRow label={labels.cause}>{operator.cause}</FieldRow>
            <FieldRow label={labels.remedy}>{operator.remedy}</FieldRow>
            <FieldRow label={labels.actor}>{operator.actor}</FieldRow>
            <FieldRow label={labels.dingTalkCode}>{operator.dingTalkCode}</FieldRow>
            <FieldRow label={labels.reason}>{operator.reason}</FieldRow>
            <FieldRow label={labels.proxy}>{operator.proxy}</FieldRow>
            <FieldRow label={labels.permissions}>{operator.requiredScopes?.join(', ')}</FieldRow>
            <FieldRow label={labels.address}>{operator.callerAddress}</FieldRow>
            <FieldRow label={labels.apply}>
              {operator.applyUrl && <ApplyLink url={operator.applyUrl} />}
            </FieldRow>
          </dl>
        </div>
      )}
    </div>
  );
}
