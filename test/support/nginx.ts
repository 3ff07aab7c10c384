/** A real nginx before a runtime, with the files of runtime/deploy/nginx; only ports, certificate and folders are the test's. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { issueCertificate } from '../../runtime/sandbox/media/certificate.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { eventually } from './deadline.ts';

const FILES = new URL('../../runtime/deploy/nginx/', import.meta.url);
const START_MS = 30_000;

export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

export interface Nginx {
  https: URL;
  http: URL;
  /** What it wrote as errors. */
  errors(): string;
  stop(): Promise<void>;
}

/** Changes a setting that has to be there. */
function change(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`nginx's file does not say "${from}"`);
  return text.replaceAll(from, to);
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => resolve(true)).on('error', () => resolve(false));
    socket.unref().once('connect', () => socket.destroy());
  });

/** Starts it for a runtime on this port, or workers on several; this process trusts its certificate from then on. */
export async function startNginx(...runtimePorts: number[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const { authority, certificate, key } = await issueCertificate('localhost');
  setDefaultCACertificates([...getCACertificates('default'), authority]);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write('fullchain.pem', certificate);
  write('privkey.pem', key);
  const read = (name: string) => readFileSync(new URL(name, FILES), 'utf8');
  const servers = runtimePorts.map((port) => `server 127.0.0.1:${port};`).join(' ');
  write('upstream.conf', change(read('upstream.conf'), 'server 127.0.0.1:3003;', servers));
  let site = change(read('whatsapp.conf'), '/etc/letsencrypt/live/whatsapp.example.com', folder);
  site = change(site, 'listen 80;', `listen 127.0.0.1:${httpPort};`);
  site = change(site, 'listen 443 ssl', `listen 127.0.0.1:${httpsPort} ssl`);
  write('whatsapp.conf', site);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder};`);
  write(
    'nginx.conf',
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/pid; events {}
     http { access_log off; ${temporary.join(' ')} include ${folder}/upstream.conf; include ${folder}/whatsapp.conf; }`,
  );
  const errors = () => readFileSync(join(folder, 'errors'), 'utf8');
  const child = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'errors'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      eventually(START_MS, 'nginx', () => answers(httpsPort), Boolean),
      ended.then(() => Promise.reject(new Error(`nginx ended: ${errors()}`))),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    https: new URL(`https://127.0.0.1:${httpsPort}`),
    http: new URL(`http://127.0.0.1:${httpPort}`),
    errors,
    stop,
  };
}
