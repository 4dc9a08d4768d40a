import '@servicenow/sdk/global'

declare global {
    namespace Now {
        namespace Internal {
            interface Keys extends KeysRegistry {
                explicit: {
                    active: {
                        table: 'sys_properties'
                        id: 'c5210949561b4b97be1d28e9c7cffa69'
                    }
                    add_user: {
                        table: 'sc_cat_item'
                        id: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                    }
                    approval_changed: {
                        table: 'sys_script'
                        id: '3f4057a34b854746b7b8217d66eca23e'
                    }
                    approval_created: {
                        table: 'sys_script'
                        id: '43ac2f842f4c4c6fa1af003578b35cc6'
                    }
                    approval_deleted: {
                        table: 'sys_script'
                        id: 'ad105574d267488aa6c36d3329d5ae33'
                    }
                    article_changed: {
                        table: 'sys_script'
                        id: 'c1967c04f044461191fa1eb936f3f488'
                    }
                    article_created: {
                        table: 'sys_script'
                        id: '285bdda27cf04dd29e8202ce94d088f3'
                    }
                    article_deleted: {
                        table: 'sys_script'
                        id: '51819c4c81274c4c86c51ea3798d6707'
                    }
                    bom_json: {
                        table: 'sys_module'
                        id: '9ff1cbc2d6284aa3868d4724c8898783'
                    }
                    case_changed: {
                        table: 'sys_script'
                        id: 'eaea469d19f74826ab7f2913875d6537'
                    }
                    case_created: {
                        table: 'sys_script'
                        id: '862d665364b94ac3aca0f1ae7b1df97a'
                    }
                    case_deleted: {
                        table: 'sys_script'
                        id: 'ff7a406e95a74c0da5418c8ffd7a567d'
                    }
                    case_link: {
                        table: 'sys_ui_related_list_entry'
                        id: '2f635e79b33a45bb9d166285a0dd5348'
                    }
                    case_lists: {
                        table: 'sys_ui_related_list'
                        id: '77d00419181945d9b44cb918861b2099'
                    }
                    change_roles: {
                        table: 'sc_cat_item'
                        id: '72587173b31a4fd189aaacf2c6b49fa7'
                    }
                    claim_seconds: {
                        table: 'sys_properties'
                        id: '56f3da9ffe10464b82ae42b6abe23774'
                    }
                    clean: {
                        table: 'sysauto_script'
                        id: '631efe32c31f4494ba3c3c9df9efe92a'
                    }
                    connection: {
                        table: 'sys_alias'
                        id: 'd3ced1e9062b4c69a0e36ce1e10bced4'
                    }
                    connector: {
                        table: 'sys_ws_definition'
                        id: '21ce5e86c0e04e4088f4e46db01ba656'
                    }
                    connector_apply: {
                        table: 'sys_ws_operation'
                        id: '5b30ae7ad6c54ef09a8906e759217387'
                    }
                    connector_health: {
                        table: 'sys_ws_operation'
                        id: '64dd8cb1f1b648229c3db76d6a462bfa'
                    }
                    connector_parked: {
                        table: 'sys_ws_operation'
                        id: '22eb0872baa34442809bd6464812fdaa'
                    }
                    connector_v1: {
                        table: 'sys_ws_version'
                        id: '9785f0dc23f34f12bc6163d02e8a6bc3'
                    }
                    dead_event: {
                        table: 'sysevent_register'
                        id: '8fd0670367064067bdc0eafb81f89874'
                    }
                    drain_first_lane: {
                        table: 'sysauto_script'
                        id: '985aae8578614175b813cde0c021d03e'
                    }
                    drain_fourth_lane: {
                        table: 'sysauto_script'
                        id: '5800fc35b38c4d07be0887974f88a260'
                    }
                    drain_second_lane: {
                        table: 'sysauto_script'
                        id: 'd302b887cf1d406eb0d8cb719a324ecf'
                    }
                    drain_seconds: {
                        table: 'sys_properties'
                        id: 'd2956482725443b38c3dc79ed3b647bf'
                    }
                    drain_third_lane: {
                        table: 'sysauto_script'
                        id: '371d4a172c1c4b199d54d74263671a83'
                    }
                    escalate: {
                        table: 'sys_ui_action'
                        id: '825a38ff347640e78bdb25ea020751d9'
                    }
                    file_created: {
                        table: 'sys_script'
                        id: '0da2e0b1925a492982695098e0bd68cb'
                    }
                    file_deleted: {
                        table: 'sys_script'
                        id: '28cbfb4c35864e6e838dbbae83e213a9'
                    }
                    incident_changed: {
                        table: 'sys_script'
                        id: '2f79c1867aea4b9088cdc4067784d486'
                    }
                    incident_created: {
                        table: 'sys_script'
                        id: '3baaa97fb5214d7db5095354be2ce840'
                    }
                    incident_deleted: {
                        table: 'sys_script'
                        id: '42dc0144b2064d30952bb5405e19878b'
                    }
                    incident_link: {
                        table: 'sys_ui_related_list_entry'
                        id: '9d78eff234a441a79e3c58eca6028ba0'
                    }
                    incident_lists: {
                        table: 'sys_ui_related_list'
                        id: '3fec4bfe60a44cee8961acf87f8ba736'
                    }
                    integration_user: {
                        table: 'sys_properties'
                        id: 'aa35ab3faa2e4842957364a6c0607aac'
                    }
                    keep_dead_days: {
                        table: 'sys_properties'
                        id: '23c677c7739e424199d806f6253698e5'
                    }
                    keep_sent_days: {
                        table: 'sys_properties'
                        id: 'ba5b9c0ab52f4e4ea3fa347d06f47302'
                    }
                    link_create: {
                        table: 'sys_security_acl'
                        id: 'fd57eda1c6d44216bd28b395e72456d5'
                    }
                    link_read: {
                        table: 'sys_security_acl'
                        id: '3f19e38342894e729750187d473cecad'
                    }
                    link_write: {
                        table: 'sys_security_acl'
                        id: '3e3d9dd3d7b34eef9571d2833ae31afe'
                    }
                    mark_for_knowledge: {
                        table: 'sys_ui_action'
                        id: 'acedecd3f9c444e3936a2a7f5d7a0c8a'
                    }
                    menu: {
                        table: 'sys_app_application'
                        id: 'd7ea2651e7a44293ba8e9d775693c8ef'
                    }
                    module_dead: {
                        table: 'sys_app_module'
                        id: 'fb764f61a04a46ecb319e3cd9e9a6c4a'
                    }
                    module_links: {
                        table: 'sys_app_module'
                        id: 'a3bf95b3c8b4428688b86e7bc7536127'
                    }
                    module_waiting: {
                        table: 'sys_app_module'
                        id: '47b7367407f04e72962d67e99be75b2f'
                    }
                    offboard_partner: {
                        table: 'sc_cat_item'
                        id: 'd966822c9e7043708bcd1b1bab3cc8b6'
                    }
                    onboard_partner: {
                        table: 'sc_cat_item'
                        id: '4cf5115aedcb44ba8c4005bff5830642'
                    }
                    outbox_read: {
                        table: 'sys_security_acl'
                        id: '1b6565a475b848249f4a07b38de87e34'
                    }
                    package_json: {
                        table: 'sys_module'
                        id: '209428f4ecf6449997b15920ca754649'
                    }
                    record_linked: {
                        table: 'sys_script'
                        id: '19d8ff4df6524ecb995a42da80ed275b'
                    }
                    remove_access: {
                        table: 'sc_cat_item'
                        id: '9ee6c95c85b44f3ca14936318ed9b0da'
                    }
                    requested_item_changed: {
                        table: 'sys_script'
                        id: '00a681baabde4f508072062686128e5a'
                    }
                    requested_item_created: {
                        table: 'sys_script'
                        id: 'eb04e9a75cf941b592dc32aa1806a370'
                    }
                    requested_item_deleted: {
                        table: 'sys_script'
                        id: '024c08adc2214c62a318aa905b39a5a2'
                    }
                    resources: {
                        table: 'sys_security_acl'
                        id: 'f01e381989094d89a76be949dfb5fa8b'
                    }
                    send_again: {
                        table: 'sys_ui_action'
                        id: 'ea21104690e74575a3c8e801d5ddfbf3'
                    }
                    share_file: {
                        table: 'sys_ui_action'
                        id: '7290c3adb4db4eb89425182e81fb13c3'
                    }
                    src_server_actions_ts: {
                        table: 'sys_module'
                        id: '895434f4c244466b854bd13d6b5d4064'
                    }
                    src_server_clean_ts: {
                        table: 'sys_module'
                        id: '67c43c2aa2b9478ab7bddc5fcd3dd5c1'
                    }
                    src_server_drain_ts: {
                        table: 'sys_module'
                        id: '1e01c049a23c41aea4243039093b5d21'
                    }
                    src_server_lib_event_ts: {
                        table: 'sys_module'
                        id: 'a63a0b7248c84f9cb43bb9303e020a7f'
                    }
                    src_server_lib_order_ts: {
                        table: 'sys_module'
                        id: '3f991bb7164b41aab0960f8b5582929d'
                    }
                    src_server_lib_parked_ts: {
                        table: 'sys_module'
                        id: '8eaff558e1824c6c89b6a7eace89fe58'
                    }
                    src_server_lib_retries_ts: {
                        table: 'sys_module'
                        id: 'cb9ced5b9f954973a3e801b29ae81d96'
                    }
                    src_server_lib_signing_ts: {
                        table: 'sys_module'
                        id: '7d0249e1c4674c148b7d8bf10feae7e6'
                    }
                    src_server_lib_watched_ts: {
                        table: 'sys_module'
                        id: '07d55161f9dd439484ff3eae04d7b973'
                    }
                    src_server_lib_write_ts: {
                        table: 'sys_module'
                        id: 'cf9408ea0de440f8a89a9e0adb952b26'
                    }
                    src_server_links_ts: {
                        table: 'sys_module'
                        id: '7fbf3e2773b94fd9a6b48bbdbe0f9392'
                    }
                    src_server_outbox_ts: {
                        table: 'sys_module'
                        id: '7df1a7d0e5224aa797f8203c4610d8ec'
                    }
                    src_server_rest_answers_ts: {
                        table: 'sys_module'
                        id: '1f958e2c9d3546d78e6b12a333538da3'
                    }
                    src_server_rest_apply_ts: {
                        table: 'sys_module'
                        id: '42c425c8323d47708b509d3d3e2a8f21'
                    }
                    src_server_rest_health_ts: {
                        table: 'sys_module'
                        id: '80360314c78e41019a090aa8249d8cda'
                    }
                    src_server_rest_parked_ts: {
                        table: 'sys_module'
                        id: '45a4fc4e63b841ce9a0eba418a96355b'
                    }
                    src_server_settings_ts: {
                        table: 'sys_module'
                        id: '54c8e20aa1fc46ad88e1243bb97f23e8'
                    }
                    tables: {
                        table: 'sys_properties'
                        id: '6d86538ff8d0470f9468cc735b058d24'
                    }
                    task_changed: {
                        table: 'sys_script'
                        id: '2612d07592ca4534a4d08e5d7cfbb97a'
                    }
                    task_created: {
                        table: 'sys_script'
                        id: '67c933eb38dc4132a4e45b26b4665267'
                    }
                    task_deleted: {
                        table: 'sys_script'
                        id: '4e7ccb1704f34858b0fe605407005d1c'
                    }
                    test_connection: {
                        table: 'sysauto_script'
                        id: 'e15e11d02fa34c2fadcfc00f163b67a0'
                    }
                    write_read: {
                        table: 'sys_security_acl'
                        id: '6d27acef164740ec9842471b63e9bc56'
                    }
                }
                composite: [
                    {
                        table: 'sys_ui_list_element'
                        id: '00031c72a574474994de43aa91d676e4'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'last_error'
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '0041474a8fdc4277a3e6376a0bf150bd'
                        key: {
                            name: 'task'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '00c2cb7950994778870411166c2ac1dd'
                        key: {
                            name: 'task'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '039e0a713a694ac19b04833770bf4a64'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'by_integration_user'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '0626b8b83ac541cb939976916055e192'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'attempts'
                        }
                    },
                    {
                        table: 'sys_index'
                        id: '096db6fdc86c453987358b5a3558c362'
                        key: {
                            logical_table_name: 'x_gridlink_outbox'
                            col_name_string: 'state,sys_updated_on'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '0b17490e37994d688fdc095e823c18a8'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'payload'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '0b8e48c3e44b4115a0e7c85fae466839'
                        key: {
                            question: {
                                id: '9303ae47e10e4846908af4ec8373f863'
                                key: {
                                    cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'production'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '0dbb6f11773741cdb278a2d818861a65'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'by_integration_user'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '0deb9316bba24da5b1d34c0661a28a67'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '0f0be402f98d4b1c9bed3404fb47a125'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'NULL'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '13867b10d167451aa7b0824fa85e0f8b'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'last_error'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '173a853ea1494e1ba3b47e018451bb22'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '1951e750102f4d2daa40215cb4e6c27b'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'entry'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '1c47dbf5037b43338bc3cefa19ee2b88'
                        key: {
                            name: 'task'
                            element: 'x_gridlink_escalated'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '1ca1c1ff53a84b9b8dbfa191dc272815'
                        key: {
                            cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                            variable_set: 'NULL'
                            name: 'remove_last_administrator'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '1cf45ee58dce4397a83854a841f52e0c'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'subject'
                            language: 'en'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '1d7ce85de58d4e11b2b799e93c0d7f48'
                        key: {
                            question: {
                                id: '62f04239a64d47f1a99b76d988554457'
                                key: {
                                    cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_operator'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '1ee8123a11d14050ad39b3df659a478d'
                        key: {
                            question: {
                                id: 'cf42c00f9aa440ee8c2098b149ea70b6'
                                key: {
                                    cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_operator'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '1f2fdc8870094ca59897aa2a25ba2067'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'first_name'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '20c27d73b360420283149873f29d7bad'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'last_error'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '2265b9ebaf8f457f9982278be8cd0440'
                        key: {
                            sys_security_acl: '3f19e38342894e729750187d473cecad'
                            sys_user_role: {
                                id: 'c937a7e1c61c474988222d534bf38e12'
                                key: {
                                    name: 'snc_internal'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '22e75da914b641a288af3f18ff28defd'
                        key: {
                            name: 'task'
                            element: 'x_gridlink_key'
                        }
                    },
                    {
                        table: 'sys_user_role'
                        id: '25770fc7f6544e56a6f9c610df2e870c'
                        key: {
                            name: 'x_gridlink.integration'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '26147f655a734e74a14c558a7b4b0802'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'record_mod_count'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '2628b792dd1944b9a55f4243b60df67d'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'role_bundle'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '28093f8794f44f8da8f6fedc78232f08'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'record_table'
                            language: 'en'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '29904e99aa0c426e9c27509902debc59'
                        key: {
                            question: {
                                id: '9303ae47e10e4846908af4ec8373f863'
                                key: {
                                    cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'test'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '29cb8a6034fd4ca99b9c7b2157b5c108'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'done'
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '2a094a05f566406fbaa89764fb569f1f'
                        key: {
                            name: 'x_gridlink_link'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '2db0a84a32b04e809bd3e4278518d004'
                        key: {
                            cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                            variable_set: 'NULL'
                            name: 'environment'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '2ddce3ce044841ef8b70cbf4e48b2ee9'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'lane'
                        }
                    },
                    {
                        table: 'sys_user_role'
                        id: '3237c2cb94344d5b8f7eb4e83e410836'
                        key: {
                            name: 'x_gridlink.admin'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '34150cb950ba47da959e1aef3477529c'
                        key: {
                            name: 'task'
                            element: 'x_gridlink_escalated'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '35fb17204a46421a8993015b98ff11ed'
                        key: {
                            sys_security_acl: '1b6565a475b848249f4a07b38de87e34'
                            sys_user_role: {
                                id: '3237c2cb94344d5b8f7eb4e83e410836'
                                key: {
                                    name: 'x_gridlink.admin'
                                }
                            }
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '360762b6e8174dad87cd0aaa2392a57e'
                        key: {
                            question: {
                                id: '62f04239a64d47f1a99b76d988554457'
                                key: {
                                    cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_administrator'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '369ecf8326e64c9e8d6243c5c061271f'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'record_table'
                        }
                    },
                    {
                        table: 'sys_index'
                        id: '3b240f0870794127a8fb565e7deb6702'
                        key: {
                            logical_table_name: 'x_gridlink_outbox'
                            col_name_string: 'state,lane,sys_created_on'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '3b818d3f04d14d90adf0562b1b722e03'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'claimed_at'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '3e66c6ac4d1f4b85abbbe26db90fcced'
                        key: {
                            cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                            variable_set: 'NULL'
                            name: 'company_id'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '432961e64cf34aa490254a74196e704d'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'changed_fields'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '43318caf1f754d5b8fde46cf1a1d876e'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'company_id'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '4352b2bf1eab433f96f541afb9c0a97f'
                        key: {
                            question: {
                                id: 'dbec404e65d149008333c88790ee0a5b'
                                key: {
                                    cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'test'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '44258ad57dde44cd93a169964969b330'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'issue'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '48312e1c4ef04f6c88fdfde8f5d657da'
                        key: {
                            cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                            variable_set: 'NULL'
                            name: 'company_id'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '48622e474d0a4f7189d1815584569c02'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'sys_created_on'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '49c82345404b480d81e0b657753376ee'
                        key: {
                            cat_item: 'd966822c9e7043708bcd1b1bab3cc8b6'
                            variable_set: 'NULL'
                            name: 'company_name'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '4bb6c6d335f5480582eaa125fd15e154'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'issue'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '4ecef82f09524e3e9f6287badc6cc6cd'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'company_id'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '4f441aa0dcdb40fb8bb5ba1de6d5bcb8'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'state'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '527edc734d994018abd2d41bf4974289'
                        key: {
                            cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                            variable_set: 'NULL'
                            name: 'reason'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '53d69392957547168c835459baeb60c6'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'record'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '56c2adab037f46659f8515a851b2336e'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'subject'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '571fadedda764089a48d6b9d3cfed30b'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'parked'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '5a39d45c3dba462f82aafd5f6b4932b3'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'last_sync'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '5a58a4c04d134d34935d3c764afadb46'
                        key: {
                            list_id: {
                                id: '6aa6baf99981494a9e31f09e581326b9'
                                key: {
                                    name: 'x_gridlink_link'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'parked'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '5d5f5d5c7900472d9a58a6db0f377455'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'login_id'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '5f47c22b380844e89b53d17d68be6d38'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'trading_address'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '6006413def474f45adf4423695275621'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'event_type'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '60116818696848899b9ff6f814ea249b'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'NULL'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '62f04239a64d47f1a99b76d988554457'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'role_bundle'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '6301db113096423c9a9f4b438493c6c6'
                        key: {
                            question: {
                                id: '2628b792dd1944b9a55f4243b60df67d'
                                key: {
                                    cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_finance'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '6340fb0ccdc64df0872aff11a937b14f'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'state'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '6447581666474073bbe7078267dd79e3'
                        key: {
                            sys_security_acl: 'f01e381989094d89a76be949dfb5fa8b'
                            sys_user_role: {
                                id: '25770fc7f6544e56a6f9c610df2e870c'
                                key: {
                                    name: 'x_gridlink.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '64f3c9130de349e59f2ec71f9c951d21'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'parked'
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '67e5238939ba4cb8b5a9b55282d73a94'
                        key: {
                            name: 'x_gridlink_outbox'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '67fda296885342a8ad124ea52a25f656'
                        key: {
                            sys_security_acl: 'fd57eda1c6d44216bd28b395e72456d5'
                            sys_user_role: {
                                id: '25770fc7f6544e56a6f9c610df2e870c'
                                key: {
                                    name: 'x_gridlink.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '682ebf733ea64a72b82839065c85cfd3'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'done'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '68749281026a44e0855ca3e9c2eda20e'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'payload'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_ui_list'
                        id: '6aa6baf99981494a9e31f09e581326b9'
                        key: {
                            name: 'x_gridlink_link'
                            view: {
                                id: 'Default view'
                                key: {
                                    name: 'NULL'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '6b78add16b54498584ebfd758f9fc1d7'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'by_integration_user'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '6cb05c88647240b49c548b82b856336f'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'event_id'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '6da2bcc7a0ec40a8805887ef6ab07f8c'
                        key: {
                            sys_security_acl: '1b6565a475b848249f4a07b38de87e34'
                            sys_user_role: {
                                id: '25770fc7f6544e56a6f9c610df2e870c'
                                key: {
                                    name: 'x_gridlink.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'ua_table_licensing_config'
                        id: '6e09a2c7c0434414bdc8bdf014f249f0'
                        key: {
                            name: 'x_gridlink_write'
                        }
                    },
                    {
                        table: 'sys_index'
                        id: '6f7b38d599bd407a823d441080fca6d4'
                        key: {
                            logical_table_name: 'x_gridlink_write'
                            col_name_string: 'entry'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '728776de12e0424c890e88e5d72febfb'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'reason'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '76a335ba31854745be7e84671d3c726e'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'record'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '77cdfbc938004b95bce1f4c4724da27b'
                        key: {
                            question: {
                                id: '8d7a937f5eda4382acf8c03c4ff02182'
                                key: {
                                    cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'production'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '787c13bbb3eb443e859c90874d8f4526'
                        key: {
                            cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                            variable_set: 'NULL'
                            name: 'reason'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '79014fc911344b4fab36a664a35a8df3'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'element'
                            language: 'en'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '7adf91ca859d4513ae8da2d249354378'
                        key: {
                            question: {
                                id: '2628b792dd1944b9a55f4243b60df67d'
                                key: {
                                    cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_operator'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: '7b81c5fe07ac4e8aabe2299bf0655237'
                        key: {
                            list_id: {
                                id: '6aa6baf99981494a9e31f09e581326b9'
                                key: {
                                    name: 'x_gridlink_link'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'issue'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '7c278de6c82d4bd6a10293daf0b98dbb'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'text_hash'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '7db03f3c87c14e29a78c6259ac55f549'
                        key: {
                            sys_security_acl: '6d27acef164740ec9842471b63e9bc56'
                            sys_user_role: {
                                id: '3237c2cb94344d5b8f7eb4e83e410836'
                                key: {
                                    name: 'x_gridlink.admin'
                                }
                            }
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '7dbfe7261c1d4183a182e42c31d54064'
                        key: {
                            question: {
                                id: 'dbec404e65d149008333c88790ee0a5b'
                                key: {
                                    cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'production'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '7df8a718715846cfbc60c46a7472cf33'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'entry'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '81a8d78442e548a88e93b16da8c6d7f2'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'state'
                            value: 'dead'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '87d3f24728444688ac6f2202fd867ebc'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'element'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '8b6656c8543a45ce86ef08340fc9470a'
                        key: {
                            name: 'task'
                            element: 'x_gridlink_for_knowledge'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: '8b7f5ece63994ae389a30fed28f39bfe'
                        key: {
                            sys_security_acl: '3e3d9dd3d7b34eef9571d2833ae31afe'
                            sys_user_role: {
                                id: '25770fc7f6544e56a6f9c610df2e870c'
                                key: {
                                    name: 'x_gridlink.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '8d7a937f5eda4382acf8c03c4ff02182'
                        key: {
                            cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                            variable_set: 'NULL'
                            name: 'environment'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '92fd349a6d84431984932cdf09d1783d'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'lane'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: '9303ae47e10e4846908af4ec8373f863'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'environment'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: '93dbb6f9563e4652a5a877eba6bbb3b9'
                        key: {
                            question: {
                                id: '62f04239a64d47f1a99b76d988554457'
                                key: {
                                    cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_finance'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '95180828676045edb0c518cb58f3a3fb'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'state'
                            value: 'sent'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_choice'
                        id: '99d8ea42dab7486da05ca0e9e71be701'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'state'
                            value: 'new'
                            language: 'en'
                            dependent_value: 'NULL'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: '9bc960de978b43798b4a53821e775591'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'partner'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: '9bd700ad70f645918c324f12cbebd488'
                        key: {
                            name: 'x_gridlink_outbox'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '9d2ccfd89383497b80c7f66b074023ed'
                        key: {
                            name: 'task'
                            element: 'x_gridlink_key'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: '9ff9a6e96a414158a4d488d8a0d1e14e'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'changed_fields'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'a04e313789734ab29c55d55f03edf8ad'
                        key: {
                            cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                            variable_set: 'NULL'
                            name: 'remove_last_administrator'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'a67b9da588824340a1955296f0bb76fd'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'event_type'
                            language: 'en'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'a7849c1c9fa04bd4a06605051facbb73'
                        key: {
                            question: {
                                id: '2628b792dd1944b9a55f4243b60df67d'
                                key: {
                                    cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_viewer'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'ac8ad96a49174167a4c7e66b50fdaebf'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'claimed_at'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'ae195dbd1ecf4504be456eed725d3dea'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'text_hash'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'afb51614dd9d41b2867f02a783a2be60'
                        key: {
                            cat_item: 'd966822c9e7043708bcd1b1bab3cc8b6'
                            variable_set: 'NULL'
                            name: 'effective_date'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: 'b05be5826bea488995fe25453371c786'
                        key: {
                            name: 'x_gridlink_link'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'b1a5c38692114db0906b8cbc1318eb3a'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'next_attempt'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'bae7efe7562043788eac11303a2060d3'
                        key: {
                            question: {
                                id: '2db0a84a32b04e809bd3e4278518d004'
                                key: {
                                    cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'test'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'bbb62ed6425c491ab44646e3cf175486'
                        key: {
                            question: {
                                id: '2628b792dd1944b9a55f4243b60df67d'
                                key: {
                                    cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_administrator'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'bc1e1005a9a844a9bc946a89f1d0d984'
                        key: {
                            question: {
                                id: 'cf42c00f9aa440ee8c2098b149ea70b6'
                                key: {
                                    cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_finance'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: 'be37375f257949b289b8d677a484d18b'
                        key: {
                            name: 'task'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'bed2d1db9d6d44afb3b6b517ef839765'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'event_id'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'bf0493285fe84bbd9737e550ae231ba6'
                        key: {
                            list_id: {
                                id: '6aa6baf99981494a9e31f09e581326b9'
                                key: {
                                    name: 'x_gridlink_link'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'last_sync'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'c2741ad147244d1d9ccc147bc204f54f'
                        key: {
                            question: {
                                id: 'cf42c00f9aa440ee8c2098b149ea70b6'
                                key: {
                                    cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_viewer'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'c3a0cd3d71ef41c2a040bc6e54871551'
                        key: {
                            cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                            variable_set: 'NULL'
                            name: 'login_id'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'c66c975902fa43a198e7d036295e1647'
                        key: {
                            name: 'task'
                            element: 'x_gridlink_for_knowledge'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'c8d2252230a844219d45875ac7911d35'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'record'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'cc8c0cb89e1341b9b348325136896d8b'
                        key: {
                            cat_item: 'd966822c9e7043708bcd1b1bab3cc8b6'
                            variable_set: 'NULL'
                            name: 'reason'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'cf42c00f9aa440ee8c2098b149ea70b6'
                        key: {
                            cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                            variable_set: 'NULL'
                            name: 'role_bundle'
                        }
                    },
                    {
                        table: 'sys_db_object'
                        id: 'cfa5522186744bc28d99725e9fccbfca'
                        key: {
                            name: 'x_gridlink_write'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'cfe575645e86439097ba75d373f367d4'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'record_mod_count'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd01f8ea4ea164f4f83fa6477e0f4654e'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'record_table'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'd0b5bc9334124f7180310344625a7933'
                        key: {
                            list_id: {
                                id: '6aa6baf99981494a9e31f09e581326b9'
                                key: {
                                    name: 'x_gridlink_link'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'partner'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd0d5b0681d034962a86acfebda0287b6'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'record'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd19836b62d4a4c78a77ba66641df9792'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'next_attempt'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_ui_action_role'
                        id: 'd47482ac49e04407a3b19cd33122458a'
                        key: {
                            sys_ui_action: 'ea21104690e74575a3c8e801d5ddfbf3'
                            sys_user_role: {
                                id: '3237c2cb94344d5b8f7eb4e83e410836'
                                key: {
                                    name: 'x_gridlink.admin'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'd48c6a8c644a4fd0807846ff7bf8870b'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'state'
                            language: 'en'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'd54e9861b2e941769737c9d4a3a6e9e9'
                        key: {
                            question: {
                                id: '62f04239a64d47f1a99b76d988554457'
                                key: {
                                    cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_viewer'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'd91af43646664c0b97be9483ebdc60a6'
                        key: {
                            list_id: {
                                id: '6aa6baf99981494a9e31f09e581326b9'
                                key: {
                                    name: 'x_gridlink_link'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'record'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'db83fdd033244372ba45e3f858c37b9e'
                        key: {
                            question: {
                                id: '8d7a937f5eda4382acf8c03c4ff02182'
                                key: {
                                    cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'test'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'db978bbc4aaf49309ca41f6a83c366d5'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'go_live'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'dbec404e65d149008333c88790ee0a5b'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'environment'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'dbf9bf74550842adb2fbf8614f651ca9'
                        key: {
                            sys_security_acl: '3f19e38342894e729750187d473cecad'
                            sys_user_role: {
                                id: '25770fc7f6544e56a6f9c610df2e870c'
                                key: {
                                    name: 'x_gridlink.integration'
                                }
                            }
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'dc5a891643b948ef847270bc9a843f4c'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'attempts'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'de25214c80bf48ee878c95f16a89e063'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'company_name'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'de68249317fb4ef881104c545a28fb48'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'record'
                        }
                    },
                    {
                        table: 'sys_ui_list'
                        id: 'dff7087d33354139a479c752c59372dc'
                        key: {
                            name: 'x_gridlink_outbox'
                            view: {
                                id: 'Default view'
                                key: {
                                    name: 'NULL'
                                }
                            }
                            sys_domain: 'global'
                            element: 'NULL'
                            relationship: 'NULL'
                            parent: 'NULL'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'e13b7703303144d1867e8a7aa660375a'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'last_sync'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'e340b012349e4a169daeec8b87d039f3'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'record_table'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'e363b2e1f69143fbbe3eca3714797453'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'last_name'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'e517f68fbbab48c69e5b41db6739f327'
                        key: {
                            cat_item: 'd966822c9e7043708bcd1b1bab3cc8b6'
                            variable_set: 'NULL'
                            name: 'remove_last_administrator'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'e6babe26c3e24659bc3c48f7d253f851'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'contact_email'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'e6c17e65955e4737b38d09dc23c33ec1'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'NULL'
                        }
                    },
                    {
                        table: 'sys_choice_set'
                        id: 'e8f16a322eff470e8aa42925b70d5694'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'state'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'e9c7632e524845e4bdfaceee038c1f02'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'NULL'
                            language: 'en'
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'e9ce9840b7af45e1bb56c4f2b652a83a'
                        key: {
                            question: {
                                id: 'cf42c00f9aa440ee8c2098b149ea70b6'
                                key: {
                                    cat_item: '72587173b31a4fd189aaacf2c6b49fa7'
                                    variable_set: 'NULL'
                                    name: 'role_bundle'
                                }
                            }
                            value: 'partner_administrator'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'ea3c9ab8f4a44bf7805d9410f9ff7fe9'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'contact_email'
                        }
                    },
                    {
                        table: 'sys_security_acl_role'
                        id: 'ec086f42aad6438d97d0932878d07a04'
                        key: {
                            sys_security_acl: 'f01e381989094d89a76be949dfb5fa8b'
                            sys_user_role: {
                                id: '3237c2cb94344d5b8f7eb4e83e410836'
                                key: {
                                    name: 'x_gridlink.admin'
                                }
                            }
                        }
                    },
                    {
                        table: 'question_choice'
                        id: 'ec71116eb0b946179ade73da15ddefdb'
                        key: {
                            question: {
                                id: '2db0a84a32b04e809bd3e4278518d004'
                                key: {
                                    cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                                    variable_set: 'NULL'
                                    name: 'environment'
                                }
                            }
                            value: 'production'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'ee6e29e807984ca5a5ad00fcaf28b6c7'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'reason'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'eef2213cbcb44922aa6b709c3c5c0877'
                        key: {
                            cat_item: '4cf5115aedcb44ba8c4005bff5830642'
                            variable_set: 'NULL'
                            name: 'contact_name'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'f351a250d32147e5ad22deb4fb89cbb4'
                        key: {
                            name: 'x_gridlink_link'
                            element: 'partner'
                            language: 'en'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'f49a1a11b3394cfaad155fdf0573df1e'
                        key: {
                            cat_item: 'd966822c9e7043708bcd1b1bab3cc8b6'
                            variable_set: 'NULL'
                            name: 'company_id'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'f59b742db8f9446cbf8aa2389398c14d'
                        key: {
                            cat_item: '9f7154e3f8014ff9a0fc22fc2912b3c2'
                            variable_set: 'NULL'
                            name: 'login_id'
                        }
                    },
                    {
                        table: 'sys_documentation'
                        id: 'f85c4ff1598d436db7578b800b174598'
                        key: {
                            name: 'x_gridlink_write'
                            element: 'record'
                            language: 'en'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'fb35e889ab0b47f8a4e53d23678f9102'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'next_attempt'
                        }
                    },
                    {
                        table: 'sys_ui_list_element'
                        id: 'fb41df7252d74f58ad29f14638b5dcdf'
                        key: {
                            list_id: {
                                id: 'dff7087d33354139a479c752c59372dc'
                                key: {
                                    name: 'x_gridlink_outbox'
                                    view: {
                                        id: 'Default view'
                                        key: {
                                            name: 'NULL'
                                        }
                                    }
                                    sys_domain: 'global'
                                    element: 'NULL'
                                    relationship: 'NULL'
                                    parent: 'NULL'
                                }
                            }
                            element: 'event_id'
                        }
                    },
                    {
                        table: 'sys_dictionary'
                        id: 'fce4bc92cbf34c71a0ef37060cabac0b'
                        key: {
                            name: 'x_gridlink_outbox'
                            element: 'attempts'
                        }
                    },
                    {
                        table: 'item_option_new'
                        id: 'fdd77688d7fa4bf5ae12faaf7e21f27c'
                        key: {
                            cat_item: '9ee6c95c85b44f3ca14936318ed9b0da'
                            variable_set: 'NULL'
                            name: 'login_id'
                        }
                    },
                ]
            }
        }
    }
}
