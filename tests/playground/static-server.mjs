// Serves a folder on this machine alone, below any path, with or without the headers that isolate a page.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/**
 * `below` is the path under which the folder lies, `isolated` sends COOP and COEP, and `workerFault` is script that is put into
 * the page's worker, to see what the page makes of a browser that fails. Resolves to { url, close }.
 */
export function serve(folder, { below = '/', isolated = true, workerFault } = {}) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const inside = path.startsWith(below) ? normalize(join(folder, path.slice(below.length) || 'index.html')) : '';
    if (!inside.startsWith(folder + sep) || !existsSync(inside) || !statSync(inside).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', types[extname(inside)] ?? 'application/octet-stream');
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (workerFault !== undefined && /worker-[^/]*\.js$/.test(inside)) response.end(`${workerFault};\n${readFileSync(inside, 'utf8')}`);
    else createReadStream(inside).pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}${below}`,
        close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
      });
    });
  });
}
