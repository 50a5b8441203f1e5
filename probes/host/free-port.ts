import { createServer } from 'node:net';
import { errorCode } from '../log.ts';

/** Whether nobody listens on this port of loopback. Rejects with the system's error when it may not be listened on. */
export function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (errorCode(error) === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
