// A capsule in JavaScript.
import { log } from 'astrid:sys/host@1.0.0';

export function astridHookTrigger(action, payload) {
  log('info', action);
  if (action === 'trap') throw new Error('asked to trap');
  return { action: 'continue', data: String.fromCharCode(...payload) };
}

export function astridInstall() {}
