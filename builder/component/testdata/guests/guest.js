// A capsule in JavaScript.
import { log, open } from 'astrid:guest/host@1.0.0';

export function astridHookTrigger(action, payload) {
  log(1, `action ${action} with ${payload.length} bytes`);
  if (action === 'open') open('x');
  return { action: 'continue', data: undefined };
}

export function run() {}
