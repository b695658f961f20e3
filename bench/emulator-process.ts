import { type ChildProcess, spawn } from 'node:child_process';

/** An emulator in a process of its own, so that its work is not measured with ours. */
export interface EmulatorProcess {
  url: string;
  clientId: string;
  clientSecret: string;
  control(path: string, body?: unknown): Promise<unknown>;
  close(): void;
}

export async function startEmulatorProcess(options: {
  members: number;
  departments: number;
  seed: number;
}): Promise<EmulatorProcess> {
  const { members, departments, seed } = options;
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', 'emulator/cli.ts', '--port', '0', '--members', String(members)],
      ...['--departments', String(departments), '--seed', String(seed)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const text = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout!.on('data', (chunk) => {
      said += chunk;
      if (said.includes('DINGTALK_LOGIN_URL=')) resolve(said);
    });
    child.once('exit', () => reject(new Error(`the emulator ended: ${said}`)));
  });
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)![1]!;
  const url = setting('DINGTALK_API_URL');
  return {
    url,
    clientId: setting('DINGTALK_CLIENT_ID'),
    clientSecret: setting('DINGTALK_CLIENT_SECRET'),
    control: controlOf(url),
    close: () => void child.kill(),
  };
}

/** Orders for the emulator at an address. */
export function controlOf(url: string): EmulatorProcess['control'] {
  return async (path, body) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${url}/__emulator/${path}`, init);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
}
