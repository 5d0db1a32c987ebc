import express from 'express';
import { listener } from './whole.ts';

const app = express();
app.all('/graphql', listener); // before any body parser
app.get('/', (_request, response) => void response.send('the rest of your service'));
export const server = app.listen(4000);
