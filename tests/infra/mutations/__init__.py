"""Ways to break the infrastructure, one a row, each with the check that has to notice and what it then says."""

from __future__ import annotations

from tests.infra.flex import REFUSED_SETTINGS, REFUSED_SITE_CONFIG
from tests.infra.mutations.code_mutations import CODE_MUTATIONS
from tests.infra.mutations.file_mutations import FILE_MUTATIONS
from tests.infra.mutations.mutation import APP, Mutation
from tests.infra.mutations.policy_mutations import POLICY_MUTATIONS
from tests.infra.mutations.template_mutations import TEMPLATE_MUTATIONS

# Each name that Flex Consumption refuses, put where it would be refused
REFUSED_MUTATIONS = (
    *(
        Mutation("flex", APP, "http20Enabled: true", f"http20Enabled: true\n      {name}: null", f"siteConfig.{name} ")
        for name in REFUSED_SITE_CONFIG
    ),
    *(
        Mutation("flex", APP, "AZURE_CLIENT_ID:", f"{name}: ''\n      AZURE_CLIENT_ID:", f"setting {name} ")
        for name in (pattern.replace("*", "X") for pattern in REFUSED_SETTINGS)
    ),
)

MUTATIONS = (
    *TEMPLATE_MUTATIONS,
    *POLICY_MUTATIONS,
    *CODE_MUTATIONS,
    *REFUSED_MUTATIONS,
    *FILE_MUTATIONS,
)
