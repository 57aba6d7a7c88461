import { createServer } from 'node:http';
import { answer } from '../lib/answer.ts';
import { listen, readJson } from '../lib/http.ts';
import { openSqliteBank } from '../lib/sqlite-bank.js';

// The bank on Node and SQLite behind HTTP.

answer({
  start({ file, synchronous }) {
    const bank = openSqliteBank(file, synchronous);
    return listen(
      createServer(async (request, response) => {
        try {
          const body = await readJson(request);
          if (request.url === '/transfer') bank.transfer(body.from, body.to, body.amount);
          else bank.open(body.from, body.to, body.balance);
          response.end('{}');
        } catch (error) {
          response.statusCode = 500;
          response.end(error.message);
        }
      }),
    );
  },
});
