/* main.c - the composition root: create in order, run, release in reverse */
int main(void)
{
	return 0;
}
