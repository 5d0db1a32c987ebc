/** Stands for the login of the app in the examples: the demo login, as alice. */
let token: string | undefined;

export const login = {
  async accessToken({ refresh = false } = {}): Promise<string> {
    if (!token || refresh) {
      const body = new URLSearchParams({ grant_type: 'password', username: 'alice' });
      const response = await fetch('https://api.example.com/demo-login/token', { method: 'POST', body });
      token = ((await response.json()) as { access_token: string }).access_token;
    }
    return token;
  },
};
