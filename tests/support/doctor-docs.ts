import { CHECKS, SETTINGS } from '../../lib/doctor/checks';
import { type DoctorFault, doctorFaults, treatmentOf } from '../../lib/doctor/faults';
import { type Language, messagesIn } from '../../lib/i18n';
import { PERMISSIONS } from '../../lib/permissions';
import { table } from './markdown';

const WORDS = {
  'zh-CN': {
    head: ['编号', '尝试什么'],
    cause: '原因',
    remedy: '处理',
    where: '位置',
    actor: '由谁处理',
    command: '命令',
    colon: '：',
  },
  en: {
    head: ['id', 'what is tried'],
    cause: 'Cause',
    remedy: 'Remedy',
    where: 'Where',
    actor: 'Who acts',
    command: 'Command',
    colon: ': ',
  },
};

/** One table for each circle: every check by its id. */
export function doctorChecksTables(language: Language): string {
  const { doctor } = messagesIn(language);
  return (['local', 'dingtalk', 'console'] as const)
    .map((circle) => {
      const own = [SETTINGS, ...CHECKS].filter((check) => check.circle === circle);
      const rows = own.map(({ id, textId = id }) => [`\`${id}\``, triedOf(id, textId, language)]);
      return `### ${doctor.circles[circle]}\n\n${table(WORDS[language].head, rows)}`;
    })
    .join('\n\n');
}

function triedOf(id: string, textId: string, language: Language): string {
  const { checks } = messagesIn(language).doctor;
  const point = id.replace(/^permission:/, '');
  const name = PERMISSIONS.find((permission) => permission.point === point)?.name ?? '';
  const { tried } = checks[textId as keyof typeof checks];
  return tried.replace('{point}', `\`${point}\``).replace('{name}', name);
}

/** What the doctor names beyond the error catalogue, under a heading each. */
export function doctorFaultEntries(language: Language): string {
  const { doctor, actors } = messagesIn(language);
  const words = WORDS[language];
  return (Object.keys(doctorFaults) as DoctorFault[])
    .map((fault) => {
      const { cause, remedy } = doctor.faults[fault];
      const { actor, place, command } = treatmentOf(fault);
      const facts = [
        [words.cause, asCode(cause)],
        [words.remedy, asCode(remedy)],
        [words.where, doctor.places[place]],
        [words.actor, actors[actor]],
        ...(command ? [[words.command, `\`${command.replace('{app}', doctor.unknownApp)}\``]] : []),
      ];
      return [
        `### ${fault}`,
        facts.map(([label, text]) => `- **${label}**${words.colon}${text}`).join('\n'),
      ].join('\n\n');
    })
    .join('\n\n');
}

/** Settings, values and addresses as code. */
function asCode(text: string): string {
  return text.replace(/\b[A-Z]+(?:_[A-Z]+)+\b(?:=[\w{}]+)?|\{\w+\}/g, '`$&`');
}
