"""How fast Tessera paints, beside plain diffusers in the same run and beside what the machine could do at best."""
