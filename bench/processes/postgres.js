import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { answer } from '../lib/answer.ts';
import { listen, readJson } from '../lib/http.ts';

// The bank on Node and PostgreSQL behind HTTP: prepared statements, serializable, a conflict is tried again.

const attemptsMax = 1_000;
/** Before each further attempt it waits a random time of up to so much for each attempt that failed. */
const backoffMs = 1;
const backoffMsMax = 20;
const conflicts = new Set(['40001', '40P01']);

const read = { name: 'read', text: 'SELECT id, balance FROM account WHERE id IN ($1, $2)' };
const move = {
  name: 'move',
  text: 'UPDATE account SET balance = balance + CASE id WHEN $1 THEN -$3::bigint ELSE $3 END WHERE id IN ($1, $2)',
};
const insert = {
  name: 'insert',
  text: 'INSERT INTO account SELECT id, $3::bigint FROM generate_series($1::int, $2::int - 1) AS id',
};

answer({
  async start({ socketFolder, connections }) {
    const pool = new pg.Pool({
      host: socketFolder,
      user: 'postgres',
      database: 'postgres',
      max: connections,
      options: '-c default_transaction_isolation=serializable',
    });
    await pool.query('CREATE TABLE account (id integer PRIMARY KEY, balance bigint NOT NULL)');
    return listen(
      createServer(async (request, response) => {
        try {
          const body = await readJson(request);
          if (request.url === '/transfer') await transfer(pool, body.from, body.to, body.amount);
          else await pool.query({ ...insert, values: [body.from, body.to, body.balance] });
          response.end('{}');
        } catch (error) {
          response.statusCode = 500;
          response.end(error.message);
        }
      }),
    );
  },
});

async function transfer(pool, from, to, amount) {
  const client = await pool.connect();
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await client.query('BEGIN');
        const { rows } = await client.query({ ...read, values: [from, to] });
        if (rows.length < 2) throw new Error('no such account');
        const source = rows.find((row) => row.id === from);
        if (BigInt(source.balance) < BigInt(amount)) throw new Error('insufficient funds');
        await client.query({ ...move, values: [from, to, amount] });
        await client.query('COMMIT');
        return;
      } catch (error) {
        await client.query('ROLLBACK');
        if (!conflicts.has(error.code) || attempt === attemptsMax) throw error;
        await sleep(Math.random() * Math.min(backoffMsMax, attempt * backoffMs));
      }
    }
  } finally {
    client.release();
  }
}
